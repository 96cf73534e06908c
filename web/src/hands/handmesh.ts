/**
 * The hand's surface: the generic-hand mesh laid onto the skeleton's rest pose, its wrist opened
 * and drawn out into a forearm, refined once (but for processors that draw alone), with what the skin's shader needs at each vertex.
 */

import { BufferGeometry, Float32BufferAttribute, type SkinnedMesh, Uint16BufferAttribute, Vector3 } from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
import glbUrl from "../../node_modules/@webxr-input-profiles/assets/dist/profiles/generic-hand/right.glb?inline";
import { decodeBase64, type SkeletonData } from "../shared/data";
import { drawsInSoftware } from "./software";

/** The bone after the skeleton's 16: it carries the forearm. */
export const FOREARM = 16;
/** The mesh's own wrist joint, which becomes the origin. */
const MESH_WRIST = new Vector3(0.03912608, 0.05577547, 0.00915717);

const DRIVERS: [RegExp, number[]][] = [
  [/-metacarpal$/, [13, 0, 0, 0, 0]],
  [/-phalanx-proximal$/, [14, 1, 4, 10, 7]],
  [/-phalanx-intermediate$/, [-1, 2, 5, 11, 8]],
  [/-(phalanx-distal|tip)$/, [15, 3, 6, 12, 9]],
];
const FINGERS = ["thumb", "index", "middle", "ring", "pinky"];

interface Vertex {
  position: Vector3;
  weights: Map<number, number>;
}
type Triangle = [number, number, number];
type Detail = [number, number, number, number, number];
/** Stands for no crease near by. */
const FAR_MM = 99;

/** Geometry of the resting right hand, medium size, in the keyboard frame, wrist at the origin. */
export async function loadRightHand(skeleton: SkeletonData): Promise<BufferGeometry> {
  const bytes = decodeBase64(glbUrl.slice(glbUrl.indexOf(",") + 1));
  const gltf = await new GLTFLoader().parseAsync(bytes.buffer, "");
  let source: SkinnedMesh | undefined;
  gltf.scene.traverse((node) => {
    if ((node as SkinnedMesh).isSkinnedMesh) source = node as SkinnedMesh;
  });
  if (!source) throw new Error("the hand mesh holds no skin");
  let { vertices, triangles } = weld(source);
  triangles = triangles.filter((triangle) => !isWristCap(vertices, triangle));
  drawForearm(vertices, triangles);
  if (!drawsInSoftware()) triangles = refine(vertices, triangles);
  return toGeometry(vertices, triangles, skeleton);
}

function driver(name: string): number {
  if (name === "wrist") return 0;
  const finger = FINGERS.findIndex((prefix) => name.startsWith(prefix));
  const joint = DRIVERS.find(([pattern]) => pattern.test(name))?.[1][finger];
  if (joint === undefined || joint < 0) throw new Error(`unknown joint in the hand mesh: ${name}`);
  return joint;
}

function weld(mesh: SkinnedMesh): { vertices: Vertex[]; triangles: Triangle[] } {
  const { position, skinIndex, skinWeight } = mesh.geometry.attributes;
  const index = mesh.geometry.index;
  if (!position || !skinIndex || !skinWeight || !index) throw new Error("the hand mesh is incomplete");
  const joints = mesh.skeleton.bones.map((bone) => driver(bone.name));
  const vertices: Vertex[] = [];
  const seen = new Map<string, number>();
  const target: number[] = [];
  for (let i = 0; i < position.count; i++) {
    const p = new Vector3().fromBufferAttribute(position, i);
    const key = `${p.x.toFixed(6)} ${p.y.toFixed(6)} ${p.z.toFixed(6)}`;
    const known = seen.get(key);
    if (known !== undefined) {
      target.push(known);
      continue;
    }
    p.sub(MESH_WRIST);
    const weights = new Map<number, number>();
    for (let slot = 0; slot < 4; slot++) {
      const joint = joints[skinIndex.getComponent(i, slot)] ?? 0;
      const weight = skinWeight.getComponent(i, slot);
      if (weight > 0) weights.set(joint, (weights.get(joint) ?? 0) + weight);
    }
    seen.set(key, vertices.length);
    target.push(vertices.length);
    vertices.push({ position: new Vector3(p.z, -p.y, p.x), weights });
  }
  const triangles: Triangle[] = [];
  for (let i = 0; i < index.count; i += 3) {
    const [a, b, c] = [0, 1, 2].map((k) => target[index.getX(i + k)] as number) as Triangle;
    if (a !== b && b !== c && c !== a) triangles.push([a, b, c]);
  }
  return { vertices, triangles };
}

function isWristCap(vertices: Vertex[], triangle: Triangle): boolean {
  const [a, b, c] = triangle.map((i) => (vertices[i] as Vertex).position) as [Vector3, Vector3, Vector3];
  const normal = b.clone().sub(a).cross(c.clone().sub(a)).normalize();
  return normal.y < -0.75 && Math.max(a.y, b.y, c.y) < 0;
}

/** Extrudes the opened wrist towards the elbow, from its own outline to a forearm's oval. */
function drawForearm(vertices: Vertex[], triangles: Triangle[]): void {
  const next = new Map<number, number>();
  const edges = new Set(triangles.flatMap(([a, b, c]) => [`${a} ${b}`, `${b} ${c}`, `${c} ${a}`]));
  for (const edge of edges) {
    const [a, b] = edge.split(" ").map(Number) as [number, number];
    if (!edges.has(`${b} ${a}`)) next.set(b, a); // the missing opposite edge runs along the rim
  }
  const start = [...next.keys()][0];
  if (start === undefined) throw new Error("the hand mesh has no wrist to open");
  const rim = [start];
  for (let at = next.get(start); at !== undefined && at !== start; at = next.get(at)) rim.push(at);
  const outline = rim.map((i) => (vertices[i] as Vertex).position.clone());
  const centre = outline.reduce((sum, p) => sum.add(p), new Vector3()).divideScalar(outline.length);
  // (distance behind the wrist, width, height, how much of it the forearm's bone carries)
  const rings: [number, number, number, number][] = [
    [0.026, 1.0, 1.0, 0.3], [0.036, 1.0, 1.0, 0.6], [0.05, 1.02, 1.03, 0.86], [0.07, 1.06, 1.1, 1],
    [0.1, 1.1, 1.18, 1], [0.125, 0.9, 0.9, 1],
  ];
  for (const i of rim) carry((vertices[i] as Vertex).weights, 0.12);
  let previous = rim;
  for (const [behind, width, height, share] of rings) {
    const ring = outline.map((p) => {
      const position = new Vector3(
        centre.x + (p.x - centre.x) * width,
        -behind + (p.y - centre.y) * Math.max(0, 1 - behind / 0.06),
        centre.z + (p.z - centre.z) * height,
      );
      vertices.push({ position, weights: new Map([[0, 1 - share], [FOREARM, share]]) });
      return vertices.length - 1;
    });
    ring.forEach((at, i) => {
      const j = (i + 1) % ring.length;
      const [a, b, c, d] = [previous[i], previous[j], at, ring[j]] as [number, number, number, number];
      triangles.push([a, b, c], [b, d, c]);
    });
    previous = ring;
  }
}

function carry(weights: Map<number, number>, share: number): void {
  for (const [joint, weight] of weights) weights.set(joint, weight * (1 - share));
  weights.set(FOREARM, (weights.get(FOREARM) ?? 0) + share);
}

function normalsOf(vertices: Vertex[], triangles: Triangle[]): Vector3[] {
  const normals = vertices.map(() => new Vector3());
  const [u, v] = [new Vector3(), new Vector3()];
  for (const triangle of triangles) {
    const [a, b, c] = triangle.map((i) => (vertices[i] as Vertex).position) as [Vector3, Vector3, Vector3];
    u.subVectors(b, a).cross(v.subVectors(c, a));
    for (const i of triangle) (normals[i] as Vector3).add(u);
  }
  for (const normal of normals) normal.normalize();
  return normals;
}

/** One step of Phong tessellation (Boubekeur and Alexa 2008): each edge's middle bulges outwards. */
function refine(vertices: Vertex[], triangles: Triangle[]): Triangle[] {
  const normals = normalsOf(vertices, triangles);
  const middles = new Map<string, number>();
  const middle = (i: number, j: number): number => {
    const key = i < j ? `${i} ${j}` : `${j} ${i}`;
    const known = middles.get(key);
    if (known !== undefined) return known;
    const [a, b] = [vertices[i] as Vertex, vertices[j] as Vertex];
    const flat = a.position.clone().lerp(b.position, 0.5);
    const bulge = new Vector3();
    for (const [vertex, normal] of [[a, normals[i]], [b, normals[j]]] as [Vertex, Vector3][]) {
      const off = flat.clone().sub(vertex.position).dot(normal);
      bulge.addScaledVector(normal, -off / 2);
    }
    const weights = new Map<number, number>();
    for (const vertex of [a, b])
      for (const [joint, weight] of vertex.weights) weights.set(joint, (weights.get(joint) ?? 0) + weight / 2);
    vertices.push({ position: flat.addScaledVector(bulge, 0.72), weights });
    middles.set(key, vertices.length - 1);
    return vertices.length - 1;
  };
  return triangles.flatMap(([a, b, c]): Triangle[] => {
    const [ab, bc, ca] = [middle(a, b), middle(b, c), middle(c, a)];
    return [[a, ab, ca], [b, bc, ab], [c, ca, bc], [ab, bc, ca]];
  });
}

/** Where on its finger a vertex lies; see `skin.ts` for how the shader uses it. */
class FingerMap {
  private readonly joints: Vector3[][] = [];
  private readonly reach: number[] = [];

  constructor(private readonly skeleton: SkeletonData, vertices: Vertex[]) {
    skeleton.bone_directions.forEach((bones, f) => {
      const at = new Vector3();
      const points = bones.slice(0, 3).map((direction, b) => {
        const length = skeleton.medium_bone_lengths_m[f * 4 + b] ?? 0;
        return at.addScaledVector(new Vector3(...direction), length).clone();
      });
      this.joints.push(points);
      const last = skeleton.finger_joints[f]?.[2];
      let reach = 0;
      for (const { position, weights } of vertices)
        if ((weights.get(last ?? -1) ?? 0) > 0.9) reach = Math.max(reach, this.local(f, 2, position).y);
      this.reach.push(reach);
    });
  }

  /** Coordinates across, along and towards the back of the finger, from one of its joints [m]. */
  private local(finger: number, joint: number, position: Vector3): Vector3 {
    const frame = this.skeleton.joint_frames[finger]?.[joint] as number[][];
    const offset = position.clone().sub(this.joints[finger]?.[joint] as Vector3);
    const column = (c: number) => frame.reduce((sum, row, r) => sum + (row[c] ?? 0) * offset.getComponent(r), 0);
    return new Vector3(column(0), column(1), column(2));
  }

  /** How red a vertex is for lying over a knuckle of the palm, 0 to 1. */
  flush(vertex: Vertex, normal: Vector3): number {
    const over = this.joints.map((points) => {
      const knuckle = points[0] as Vector3;
      const away = Math.hypot(vertex.position.x - knuckle.x, vertex.position.y - knuckle.y);
      return Math.exp(-((away / 0.0095) ** 2));
    });
    return Math.max(...over) * Math.max(0, normal.z);
  }

  /** Nail coordinates (-1 to 1 on the nail), backness, distances past the two creases [mm]. */
  describe(vertex: Vertex, normal: Vector3): Detail {
    let finger = -1;
    let most = 0;
    this.skeleton.finger_joints.forEach((joints, f) => {
      const weight = joints.reduce((sum, joint) => sum + (vertex.weights.get(joint) ?? 0), 0);
      if (weight > most) [finger, most] = [f, weight];
    });
    if (finger < 0 || most < 0.3) return [9, -9, normal.z, -FAR_MM, -FAR_MM];
    const end = this.local(finger, 2, vertex.position);
    const frame = this.skeleton.joint_frames[finger]?.[2] as number[][];
    const back = frame.reduce((sum, row, r) => sum + (row[2] ?? 0) * normal.getComponent(r), 0);
    const thumb = finger === 0;
    const halfLength = thumb ? 0.0068 : 0.0058;
    const halfWidth = thumb ? 0.0066 : finger === 4 ? 0.0046 : 0.0054;
    const nailY = (end.y - ((this.reach[finger] ?? 0) - halfLength - 0.0012)) / halfLength;
    const middle = thumb ? -FAR_MM : this.local(finger, 1, vertex.position).y * 1000;
    return [end.x / halfWidth, nailY, back, middle, end.y * 1000];
  }
}

function toGeometry(vertices: Vertex[], triangles: Triangle[], skeleton: SkeletonData): BufferGeometry {
  const normals = normalsOf(vertices, triangles);
  const map = new FingerMap(skeleton, vertices);
  const skinIndex: number[] = [];
  const skinWeight: number[] = [];
  const nail: number[] = [];
  const crease: number[] = [];
  const flush: number[] = [];
  vertices.forEach((vertex, i) => {
    const strongest = [...vertex.weights].sort((a, b) => b[1] - a[1]).slice(0, 4);
    const sum = strongest.reduce((total, [, weight]) => total + weight, 0);
    for (let slot = 0; slot < 4; slot++) {
      skinIndex.push(strongest[slot]?.[0] ?? 0);
      skinWeight.push((strongest[slot]?.[1] ?? 0) / sum);
    }
    const [across, along, back, middle, end] = map.describe(vertex, normals[i] as Vector3);
    nail.push(across, along, back);
    crease.push(middle, end);
    flush.push(map.flush(vertex, normals[i] as Vector3));
  });
  const flat = (points: Vector3[]) => new Float32BufferAttribute(points.flatMap((p) => [p.x, p.y, p.z]), 3);
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", flat(vertices.map((vertex) => vertex.position)));
  geometry.setAttribute("normal", flat(normals));
  geometry.setAttribute("skinIndex", new Uint16BufferAttribute(skinIndex, 4));
  geometry.setAttribute("skinWeight", new Float32BufferAttribute(skinWeight, 4));
  geometry.setAttribute("nail", new Float32BufferAttribute(nail, 3));
  geometry.setAttribute("crease", new Float32BufferAttribute(crease, 2));
  geometry.setAttribute("flush", new Float32BufferAttribute(flush, 1));
  geometry.setAttribute("rest", geometry.getAttribute("position").clone());
  geometry.setIndex(triangles.flat());
  return geometry;
}

/** The left hand's geometry: mirrored at x = 0, with the winding turned so that it faces outwards. */
export function mirrored(geometry: BufferGeometry): BufferGeometry {
  const left = geometry.clone();
  for (const name of ["position", "normal"]) {
    const attribute = left.getAttribute(name);
    for (let i = 0; i < attribute.count; i++) attribute.setX(i, -attribute.getX(i));
  }
  const index = left.getIndex();
  if (index)
    for (let i = 0; i < index.count; i += 3) {
      const second = index.getX(i + 1);
      index.setX(i + 1, index.getX(i + 2));
      index.setX(i + 2, second);
    }
  return left;
}
