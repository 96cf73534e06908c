/** The 88 keys: two instanced meshes, turned about a rail behind them by fingers and notes. */

import {
  BufferAttribute, BufferGeometry, Color, DynamicDrawUsage, Group, InstancedMesh, Matrix4, MeshStandardMaterial,
} from "three";
import look from "../../../src/duemani/outputs/look.json";
import type { KeyboardData } from "../shared/data";
import type { HandPose } from "./kinematics";
import { HAND_COLOURS, UNKNOWN_COLOUR } from "./palette";
import { roundedBox } from "./piano";
import type { Score } from "./score";
import { drawsInSoftware } from "./software";

const WHITE_DEPTH_M = 0.019;
const GAP_M = 0.0009;
/** Keys' sides seen edge-on would else shine through what lies over them, a pixel here and there. */
const STEEP = { polygonOffset: true, polygonOffsetFactor: 1, polygonOffsetUnits: 0 };

export class Keys extends Group {
  readonly depthsM: Float32Array;
  private readonly whites: InstancedMesh;
  private readonly blacks: InstancedMesh;
  private readonly instance: number[] = [];
  /** Of each key the hands with a tip close over it, a bit each. */
  private readonly near: Uint8Array;

  /** `filmed`: the fingertips are known to some millimetres only. */
  constructor(private readonly keyboard: KeyboardData, private readonly filmed: boolean) {
    super();
    const count = keyboard.is_black.length;
    const blackCount = keyboard.is_black.filter(Boolean).length;
    this.depthsM = new Float32Array(count);
    this.near = new Uint8Array(count);
    const ivory = new MeshStandardMaterial({ roughness: 0.3, ...STEEP });
    const ebony = new MeshStandardMaterial({ roughness: 0.36, ...STEEP });
    this.whites = new InstancedMesh(whiteKey(keyboard), ivory, count - blackCount);
    this.blacks = new InstancedMesh(blackKey(keyboard), ebony, blackCount);
    let white = 0;
    let black = 0;
    for (let key = 0; key < count; key++) this.instance.push(keyboard.is_black[key] ? black++ : white++);
    for (const mesh of [this.whites, this.blacks]) {
      mesh.instanceMatrix.setUsage(DynamicDrawUsage);
      mesh.castShadow = true;
      mesh.receiveShadow = true;
      mesh.frustumCulled = false;
      this.add(mesh);
    }
    for (let key = 0; key < count; key++) this.place(key, 0, 0, UNKNOWN_COLOUR);
    this.flush();
  }

  /** The key whose footprint holds a point, or -1; black keys win where they stand. */
  keyAt(x: number, y: number): number {
    const k = this.keyboard;
    if (x < 0 || x >= k.width_m || y < 0 || y > k.white_length_m) return -1;
    let key = -1;
    for (let i = 0; i < k.centre_x_m.length; i++) {
      const half = (k.is_black[i] ? k.black_base_width_m : k.white_pitch_m) / 2;
      if (Math.abs(x - (k.centre_x_m[i] as number)) > half) continue;
      if (!k.is_black[i]) {
        if (key < 0) key = i;
      } else if (y >= k.black_front_m && y <= k.black_back_m) return i;
    }
    return key;
  }

  /**
   * Moves and tints the keys, by the same rule as `duemani.outputs.keys_down`: fingertips decide.
   * A note moves its key by itself only where its hand is not known, or where filmed fingers are
   * as near as they can be known. A key that rings without being held glows a little, and is up.
   */
  update(timeSec: number, poses: readonly HandPose[], score: Score): void {
    const { keyboard: k, depthsM, near } = this;
    depthsM.fill(0);
    near.fill(0);
    poses.forEach((pose, hand) => {
      if (!pose.tracked) return;
      for (let tip = 4; tip <= 20; tip += 4) {
        const point = pose.landmarks[tip];
        if (!point) continue;
        const key = this.keyAt(point.x, point.y);
        if (key < 0) continue;
        const above = point.z - (k.rest_top_m[key] as number);
        if (above < k.near_m) near[key] = (near[key] as number) | (1 << hand);
        const travel = k.travel_m[key] as number;
        // Under the finger the key must lie as deep as the fingertip, hence deeper at its front.
        const reach = (k.pivot_y_m - this.front(key)) / (k.pivot_y_m - point.y);
        const depth = Math.min(Math.min(Math.max(-above, 0), travel) * reach, k.most_at_front * travel);
        depthsM[key] = Math.max(depthsM[key] as number, depth);
      }
    });
    const ringing = RINGING.fill(0);
    for (const i of score.near(timeSec)) {
      const key = score.key(i);
      const hand = score.hand(i);
      if (this.holdsItself(key, hand, poses)) {
        const depth = score.press(i, timeSec) * (k.travel_m[key] as number);
        depthsM[key] = Math.max(depthsM[key] as number, depth);
      }
      const strength = score.ringing(i, timeSec);
      if (strength <= (ringing[key] as number)) continue;
      ringing[key] = strength;
      HAND[key] = hand;
    }
    for (let key = 0; key < depthsM.length; key++) {
      const heard = ringing[key] as number;
      const held = heard > 0 ? Math.min((depthsM[key] as number) / (k.travel_m[key] as number), 1) : 0;
      this.place(key, depthsM[key] as number, Math.max(held, heard), HAND_COLOURS[HAND[key] as number] ?? UNKNOWN_COLOUR);
    }
    this.flush();
  }

  centreX(key: number): number {
    return this.keyboard.centre_x_m[key] as number;
  }

  /** Whether a key is down, as far as it counts as let go on the way up. */
  isDown(key: number): boolean {
    return (this.depthsM[key] as number) > 0.25 * (this.keyboard.travel_m[key] as number);
  }

  private front(key: number): number {
    return this.keyboard.is_black[key] ? this.keyboard.black_front_m : 0;
  }

  /** Whether nothing that is known of a note's hand contradicts that it holds its key. */
  private holdsItself(key: number, hand: number, poses: readonly HandPose[]): boolean {
    const hands = hand < 0 ? [0, 1] : [hand];
    if (hands.some((one) => !poses[one]?.tracked)) return true;
    return this.filmed && hands.some((one) => (this.near[key] as number) & (1 << one));
  }

  private place(key: number, frontTravelM: number, glow: number, tint: Color): void {
    const k = this.keyboard;
    const black = k.is_black[key];
    const mesh = black ? this.blacks : this.whites;
    // Turn about the rail: translate there, rotate about x, translate back, then sideways.
    MATRIX.makeRotationX(Math.asin(frontTravelM / (k.pivot_y_m - this.front(key))));
    TO_RAIL.makeTranslation(0, -k.pivot_y_m, 0);
    MATRIX.multiply(TO_RAIL);
    const e = MATRIX.elements;
    e[12] = (e[12] as number) + (k.centre_x_m[key] as number);
    e[13] = (e[13] as number) + k.pivot_y_m;
    mesh.setMatrixAt(this.instance[key] as number, MATRIX);
    COLOUR.copy(black ? EBONY : IVORY).lerp(tint, glow * (black ? 0.88 : 0.92));
    mesh.setColorAt(this.instance[key] as number, COLOUR);
  }

  private flush(): void {
    for (const mesh of [this.whites, this.blacks]) {
      mesh.instanceMatrix.needsUpdate = true;
      if (mesh.instanceColor) mesh.instanceColor.needsUpdate = true;
    }
  }
}

const IVORY = new Color(look.ivory);
const EBONY = new Color(look.ebony);
const COLOUR = new Color();
const MATRIX = new Matrix4();
const TO_RAIL = new Matrix4();
const RINGING = new Float32Array(88);
const HAND = new Int8Array(88);

function whiteKey(k: KeyboardData): BufferGeometry {
  const geometry = roundedBox(k.white_pitch_m - GAP_M, k.white_length_m, WHITE_DEPTH_M, drawsInSoftware() ? 1 : 2, 0.0013);
  return geometry.translate(0, k.white_length_m / 2, -WHITE_DEPTH_M / 2);
}

/** A black key: base wider than top, front sloped, upper edges rounded; a loft of cross-sections. */
function blackKey(k: KeyboardData): BufferGeometry {
  const height = 0.012;
  const [base, top] = [k.black_base_width_m / 2, k.black_top_width_m / 2];
  const round = 0.0016;
  // Half section: (half width, z) from the buried foot to the middle of the top.
  const section: [number, number][] = [[base, -0.012], [base, -0.001], [top + 0.0004, height - round]];
  for (let i = 1; i <= 4; i++) {
    const a = (i / 4) * (Math.PI / 2);
    section.push([top - round * (1 - Math.cos(a)), height - round * (1 - Math.sin(a))]);
  }
  section.push([0, height + 0.0002]);
  const outline = [...section, ...section.slice(0, -1).reverse().map(([x, z]): [number, number] => [-x, z])];
  // Along the key: (y, share of the height above the white keys); the front rises in a slope.
  const stations: [number, number, number][] = [
    [k.black_front_m - 0.0015, -0.2, 0.97], [k.black_front_m - 0.0005, 0.3, 0.985], [k.black_front_m + 0.003, 0.78, 0.99],
    [k.black_front_m + 0.0055, 0.93, 1], [k.black_front_m + 0.0095, 1, 1], [k.black_back_m, 1, 1],
  ];
  const positions: number[] = [];
  const index: number[] = [];
  for (const [y, share, width] of stations)
    for (const [x, z] of outline) positions.push(x * width, y, z > 0 ? z * Math.max(share, 0.01) : z);
  const n = outline.length;
  for (let s = 0; s + 1 < stations.length; s++)
    for (let i = 0; i + 1 < n; i++) {
      const a = s * n + i;
      index.push(a, a + n, a + 1, a + 1, a + n, a + n + 1);
    }
  const centre = positions.length / 3;
  positions.push(0, k.black_front_m - 0.0015, -0.006);
  for (let i = 0; i + 1 < n; i++) index.push(centre, i, i + 1);
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(new Float32Array(positions), 3));
  geometry.setIndex(index);
  geometry.computeVertexNormals();
  return geometry;
}
