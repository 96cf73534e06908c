import "./style.css";
import { element } from "../shared/dom";
import { readFingerData } from "./data";
import { Notes } from "./notes";
import { showStrip } from "./strip";

const data = readFingerData();
const notes = new Notes(data);

element("back").addEventListener("click", () => notes.step(-1));
element("on").addEventListener("click", () => notes.step(1));
element("close").addEventListener("click", () => notes.close());
document.addEventListener("keydown", (event) => {
  if (notes.current === null || (event.target as Element).closest("#strip")) return;
  if (event.key === "ArrowRight") notes.step(1);
  else if (event.key === "ArrowLeft") notes.step(-1);
  else if (event.key === "Escape") notes.close();
  else return;
  event.preventDefault();
});

const few = element<HTMLInputElement>("few");
const showFew = () => document.body.classList.toggle("few", few.checked);
few.checked = !data.all;
few.addEventListener("change", showFew);
showFew();

showStrip(data, (number) => notes.choose(number));
