/** Notes that slide down the desk onto their keys: one instanced draw of rounded rectangles. */

import {
  CanvasTexture, Color, DynamicDrawUsage, InstancedBufferAttribute, InstancedBufferGeometry, LinearFilter, Mesh,
  PlaneGeometry, ShaderMaterial,
} from "three";
import type { KeyboardData } from "../shared/data";
import { HAND_COLOURS, UNKNOWN_COLOUR } from "./palette";
import { DESK } from "./piano";
import type { Score } from "./score";
import { drawsInSoftware } from "./software";

/** How much of the future the desk shows. */
const WINDOW_SEC = 2.6;
const MOST = 1024;
/** Smaller than this a number could not be read [CSS pixels, with the disc]. */
const LEAST_PX = 13;
/** Linear colours: a note on a black key, how white a number's disc is, and the number on it. */
export const BLACK_SHADE = 0.72;
export const DISC_WHITE = 0.6;
export const INK: readonly [number, number, number] = [0.012, 0.01, 0.008];

const VERTEX = `
attribute vec4 place; // x, half width, start, end along the desk [m]
attribute vec3 tint;
attribute vec3 style; // finger, velocity 0-1, sounding 0-1
varying vec2 vAt;
varying vec2 vHalf;
varying vec3 vTint;
varying vec3 vStyle;
varying float vAlong;
void main() {
  vHalf = vec2(place.y, 0.5 * (place.w - place.z));
  vAt = position.xy * (vHalf + 0.002);
  vAlong = vAt.y + 0.5 * (place.z + place.w);
  vTint = tint;
  vStyle = style;
  gl_Position = projectionMatrix * modelViewMatrix * vec4(place.x + vAt.x, vAlong, 0.0014, 1.0);
}`;

const FRAGMENT = `
uniform sampler2D digits;
uniform float deskLength;
uniform float leastPixels;
varying vec2 vAt;
varying vec2 vHalf;
varying vec3 vTint;
varying vec3 vStyle;
varying float vAlong;
void main() {
  float radius = min(0.0032, min(vHalf.x, vHalf.y));
  vec2 q = abs(vAt) - vHalf + radius;
  float d = length(max(q, 0.0)) + min(max(q.x, q.y), 0.0) - radius;
  float aa = max(fwidth(d), 1e-5);
  float body = 1.0 - smoothstep(-aa, aa, d);
  float rim = smoothstep(-0.0011 - aa, -0.0011 + aa, d);
  vec3 colour = vTint * mix(0.62, 1.0, vStyle.y) * mix(0.82, 1.0, smoothstep(-vHalf.y, vHalf.y, -vAt.y));
  colour = mix(colour, vTint * 1.12, rim * 0.8);
  colour = mix(colour, vTint * 1.2 + 0.02, 0.8 * vStyle.z) + vStyle.z * 0.16 * exp(-vAlong / 0.012);
  float glow = vStyle.z * exp(-max(d, 0.0) / 0.0011) * (1.0 - body) * 0.5;
  // Never taller than its note, on a light disc that it stands out from, and left out where too small.
  float size = min(min(0.0082, vHalf.x * 0.94), vHalf.y - 0.0006);
  vec2 uv = (vAt + vec2(0.0, vHalf.y - size - 0.0005)) / (2.0 * size) + 0.5;
  if (vStyle.x > 0.5 && uv.x > 0.0 && uv.x < 1.0 && uv.y > 0.0 && uv.y < 1.0) {
    float readable = smoothstep(leastPixels * 0.9, leastPixels, 1.0 / max(fwidth(uv.y), 1e-5));
    float disc = (1.0 - smoothstep(0.46, 0.5, length(uv - 0.5))) * readable;
    colour = mix(colour, mix(vTint, vec3(1.0), ${DISC_WHITE}), disc);
    float ink = texture2D(digits, vec2((vStyle.x - 1.0 + uv.x) / 5.0, uv.y)).a;
    colour = mix(colour, vec3(${INK.join(", ")}), ink * readable);
  }
  float inside = smoothstep(0.0, 0.0006, vAlong + 0.0006) * (1.0 - smoothstep(deskLength * 0.86, deskLength, vAlong));
  gl_FragColor = vec4(colour, max(body * 0.96, glow) * inside);
  if (gl_FragColor.a < 0.004) discard;
  #include <colorspace_fragment>
}`;

export class FallingNotes extends Mesh<InstancedBufferGeometry, ShaderMaterial> {
  private readonly place = dynamic(4);
  private readonly tint = dynamic(3);
  private readonly style = dynamic(3);

  constructor(private readonly score: Score, private readonly keyboard: KeyboardData) {
    const geometry = new InstancedBufferGeometry();
    const plane = new PlaneGeometry(2, 2);
    geometry.setIndex(plane.getIndex());
    geometry.setAttribute("position", plane.getAttribute("position"));
    super(geometry, new ShaderMaterial({
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      uniforms: { digits: { value: digitAtlas() }, deskLength: { value: DESK.length }, leastPixels: { value: LEAST_PX } },
      transparent: true,
      depthWrite: false,
    }));
    geometry.setAttribute("place", this.place);
    geometry.setAttribute("tint", this.tint);
    geometry.setAttribute("style", this.style);
    this.frustumCulled = false;
    this.renderOrder = 1;
  }

  update(timeSec: number, withFingers: boolean, pixelRatio: number): void {
    const { score } = this;
    (this.material.uniforms.leastPixels as { value: number }).value = LEAST_PX * pixelRatio;
    const speed = DESK.length / WINDOW_SEC;
    let count = 0;
    const add = (i: number) => {
      if (count >= MOST) return;
      const key = score.key(i);
      const start = Math.max(0, (score.onset(i) - timeSec) * speed);
      const end = Math.min(DESK.length, Math.max(score.release(i) - timeSec, 0) * speed);
      const black = this.keyboard.is_black[key];
      const half = black ? this.keyboard.black_base_width_m * 0.45 : this.keyboard.white_pitch_m * 0.4;
      const down = score.isDown(i, timeSec);
      const shortest = down ? 0.002 : 0.011;
      const top = Math.max(end - 0.0012, start + shortest);
      const tint = HAND_COLOURS[score.hand(i)] ?? UNKNOWN_COLOUR;
      this.place.setXYZW(count, this.keyboard.centre_x_m[key] as number, half, start, top);
      this.tint.setXYZ(count, tint.r, tint.g, tint.b);
      this.style.setXYZ(count, withFingers ? score.finger(i) : 0, score.velocity(i) / 127, down ? 1 : 0);
      if (black) this.tint.setXYZ(count, tint.r * BLACK_SHADE, tint.g * BLACK_SHADE, tint.b * BLACK_SHADE);
      count++;
    };
    const first = score.firstFrom(timeSec);
    for (const i of score.near(timeSec)) if (i < first && score.release(i) > timeSec) add(i);
    for (let i = first; i < score.count && score.onset(i) < timeSec + WINDOW_SEC; i++) add(i);
    this.geometry.instanceCount = count;
    for (const attribute of [this.place, this.tint, this.style]) attribute.needsUpdate = true;
  }
}

function dynamic(size: number): InstancedBufferAttribute {
  const attribute = new InstancedBufferAttribute(new Float32Array(MOST * size), size);
  return attribute.setUsage(DynamicDrawUsage) as InstancedBufferAttribute;
}

function digitAtlas(): CanvasTexture {
  const canvas = document.createElement("canvas");
  const cell = 64;
  canvas.width = 5 * cell;
  canvas.height = cell;
  const context = canvas.getContext("2d");
  if (context) {
    context.fillStyle = `#${new Color(0xffffff).getHexString()}`;
    context.font = "800 46px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (let finger = 1; finger <= 5; finger++) context.fillText(String(finger), (finger - 0.5) * cell, cell / 2 + 3);
  }
  const texture = new CanvasTexture(canvas);
  if (drawsInSoftware()) {
    texture.generateMipmaps = false;
    texture.minFilter = LinearFilter;
  } else texture.anisotropy = 8;
  return texture;
}
