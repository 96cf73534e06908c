/** The piano about the keys: rails, cheeks, fallboard with its felt and name, and the note desk. */

import {
  BufferGeometry, CanvasTexture, Float32BufferAttribute, Group, LineBasicMaterial, LineSegments, Mesh,
  MeshBasicMaterial, MeshPhysicalMaterial, MeshStandardMaterial, PlaneGeometry, SRGBColorSpace,
} from "three";
import { RoundedBoxGeometry } from "three/addons/geometries/RoundedBoxGeometry.js";
import { mergeVertices } from "three/addons/utils/BufferGeometryUtils.js";
import type { KeyboardData } from "../shared/data";

/** The desk that notes slide down: its lower edge, slope and length, in the keyboard frame. */
export const DESK = { frontY: 0.171, frontZ: 0.052, slope: (50 * Math.PI) / 180, length: 0.36 };
const CHEEK_M = 0.07;

export class Piano extends Group {
  readonly desk = new Group();

  constructor(keyboard: KeyboardData) {
    super();
    const width = keyboard.width_m;
    const whole = width + 2 * CHEEK_M;
    const lacquer = new MeshPhysicalMaterial({ color: 0x0b0a0b, roughness: 0.4, clearcoat: 0.8, clearcoatRoughness: 0.16 });
    const under = new MeshStandardMaterial({ color: 0x0c0a09, roughness: 0.95 });
    const felt = new MeshStandardMaterial({ color: 0x6e1620, roughness: 1 });
    const box = (x: [number, number], y: [number, number], z: [number, number], material = lacquer as MeshStandardMaterial, round = 0.004) => {
      const size = [x[1] - x[0], y[1] - y[0], z[1] - z[0]] as const;
      const radius = Math.min(round, ...size.map((length) => length / 2.01));
      const mesh = new Mesh(roundedBox(...size, 3, radius), material);
      mesh.position.set((x[0] + x[1]) / 2, (y[0] + y[1]) / 2, (z[0] + z[1]) / 2);
      mesh.receiveShadow = true;
      this.add(mesh);
      return mesh;
    };
    box([-0.004, width + 0.004], [0.002, 0.16], [-0.05, -0.0235], under, 0.001);
    box([-CHEEK_M, width + CHEEK_M], [-0.034, -0.0035], [-0.075, -0.0135]);
    for (const [left, right] of [[-CHEEK_M, -0.003], [width + 0.003, width + CHEEK_M]] as [number, number][])
      box([left, right], [-0.034, 0.178], [-0.075, 0.016], lacquer, 0.007).castShadow = true;
    box([-0.003, width + 0.003], [keyboard.white_length_m - 0.0005, 0.1545], [-0.012, 0.0045], felt, 0.0015);
    box([-CHEEK_M, width + CHEEK_M], [0.153, 0.177], [-0.05, 0.052], lacquer, 0.006);
    this.add(nameplate(width));
    this.addDesk(whole, width, keyboard);
  }

  private addDesk(whole: number, width: number, keyboard: KeyboardData): void {
    const desk = this.desk;
    desk.position.set(0, DESK.frontY, DESK.frontZ);
    desk.rotation.x = DESK.slope;
    // Unlit, so that no lamp ever mirrors in it and washes the notes out.
    const slab = new Mesh(roundedBox(whole, DESK.length, 0.008, 3, 0.0035), new MeshBasicMaterial({ color: 0x17181c, toneMapped: false }));
    slab.position.set(width / 2, DESK.length / 2, -0.0045);
    const lines: number[] = [];
    const colours: number[] = [];
    keyboard.centre_x_m.forEach((x, key) => {
      const pitchClass = (key + keyboard.lowest_pitch) % 12;
      if (pitchClass !== 0 && pitchClass !== 5) return;
      const left = x - keyboard.white_pitch_m / 2;
      lines.push(left, 0.004, 0.0003, left, DESK.length - 0.006, 0.0003);
      const strength = pitchClass === 0 ? 0.16 : 0.075;
      colours.push(strength, strength, strength, 0.03, 0.03, 0.03);
    });
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new Float32BufferAttribute(lines, 3));
    geometry.setAttribute("color", new Float32BufferAttribute(colours, 3));
    desk.add(slab, new LineSegments(geometry, new LineBasicMaterial({ vertexColors: true, toneMapped: false })));
    this.add(desk);
  }
}

function nameplate(width: number): Mesh {
  const canvas = document.createElement("canvas");
  canvas.width = 512;
  canvas.height = 96;
  const context = canvas.getContext("2d");
  if (context) {
    context.fillStyle = "#d8b26a";
    context.font = 'italic 500 64px "Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", Georgia, serif';
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText("duemani", 256, 46);
  }
  const texture = new CanvasTexture(canvas);
  texture.colorSpace = SRGBColorSpace;
  texture.anisotropy = 8;
  const mesh = new Mesh(new PlaneGeometry(0.128, 0.024), new MeshBasicMaterial({ map: texture, transparent: true, opacity: 0.85 }));
  mesh.rotation.x = Math.PI / 2;
  mesh.position.set(width / 2, 0.1528, 0.03);
  return mesh;
}

/** A box with round edges, each of whose corners is reckoned once, not once a triangle. */
export function roundedBox(width: number, height: number, depth: number, segments: number, radius: number): BufferGeometry {
  const box = new RoundedBoxGeometry(width, height, depth, segments, radius);
  box.deleteAttribute("uv"); // of no use here, and different at every face's edge
  return mergeVertices(box, 1e-7);
}
