/** Both hands in the scene: skinned meshes driven by the posed skeleton, and their sleeves. */

import {
  Bone, type BufferGeometry, DetachedBindMode, Float32BufferAttribute, Group, LatheGeometry, Matrix4, Mesh, MeshStandardMaterial,
  Skeleton, SkinnedMesh, Vector2, Vector3,
} from "three";
import look from "../../../src/duemani/outputs/look.json";
import type { SkeletonData } from "../shared/data";
import { FOREARM, mirrored } from "./handmesh";
import { type HandPose, JOINTS, jointMatrix, type Kinematics } from "./kinematics";
import { skinMaterial } from "./skin";

const SLEEVE_START_M = 0.082;
const SLEEVE_END_M = 0.32;
const [ELBOW_ASIDE_M, ELBOW_FOLLOWS, ELBOW_BEHIND_M] = [0.075, 0.7, 0.25];
const MOST_BEND_RAD = Math.PI / 9;
const [RISE, FOLLOWED_RISE] = [0.03, 0.31];

export class Hands extends Group {
  readonly shown: [boolean, boolean] = [true, true];
  private readonly bodies: SkinnedMesh[] = [];
  private readonly sleeves: Mesh[] = [];
  private readonly skin = skinMaterial();

  constructor(
    right: BufferGeometry,
    private readonly kinematics: Kinematics,
    private readonly skeletonData: SkeletonData,
    private readonly playerX: number,
  ) {
    super();
    const cloth = new MeshStandardMaterial({
      color: look.cloth, roughness: 0.95, transparent: true, vertexColors: true,
    });
    for (const hand of [0, 1]) {
      const body = new SkinnedMesh(hand === 0 ? mirrored(right) : right, this.skin);
      body.bindMode = DetachedBindMode;
      const scale = kinematics.scale(hand);
      const rest = kinematics.restLandmarks(hand);
      const bones = Array.from({ length: JOINTS + 1 }, () => new Bone());
      const inverses = bones.map((_, joint) => {
        const landmark = joint === FOREARM ? 0 : (skeletonData.joint_landmarks[joint] as number);
        const at = rest[landmark] as Vector3;
        return new Matrix4().makeTranslation(-at.x, -at.y, -at.z).scale(new Vector3(scale, scale, scale));
      });
      body.bind(new Skeleton(bones, inverses), new Matrix4());
      const sleeve = new Mesh(sleeveGeometry(), cloth);
      sleeve.matrixAutoUpdate = false;
      for (const mesh of [body, sleeve]) {
        mesh.castShadow = true;
        mesh.receiveShadow = true;
        mesh.frustumCulled = false;
        this.add(mesh);
      }
      sleeve.renderOrder = 2;
      this.bodies.push(body);
      this.sleeves.push(sleeve);
    }
  }

  setSkinTone(css: string): void {
    this.skin.color.set(css);
  }

  /** Takes over the poses that `kinematics` holds now. */
  update(): void {
    this.kinematics.poses.forEach((pose, hand) => {
      const body = this.bodies[hand] as SkinnedMesh;
      const sleeve = this.sleeves[hand] as Mesh;
      body.visible = sleeve.visible = pose.tracked && (this.shown[hand] ?? true);
      if (!body.visible) return;
      const bones = body.skeleton.bones;
      for (let joint = 0; joint < JOINTS; joint++)
        jointMatrix((bones[joint] as Bone).matrixWorld, pose, joint, this.skeletonData.joint_landmarks[joint] as number);
      const forearm = (bones[FOREARM] as Bone).matrixWorld;
      this.forearm(forearm, pose, hand);
      const scale = this.kinematics.scale(hand);
      sleeve.matrix.copy(forearm).scale(SCALE.setScalar(scale));
      sleeve.matrixWorldNeedsUpdate = true;
    });
  }

  /**
   * Motion ends at the wrist; the forearm is a guess, the same as in `outputs/forearm.py`: from an
   * elbow that hangs beside the player, follows the hand, and gives way where the wrist would be
   * bent far sideways.
   */
  private forearm(out: Matrix4, pose: HandPose, hand: number): void {
    const wrist = pose.landmarks[0] as Vector3;
    const turn = pose.orientations[0];
    if (!turn) return;
    const side = hand === 0 ? -1 : 1;
    const outM = side * (wrist.x - this.playerX);
    const guess = Math.atan2(outM - ELBOW_ASIDE_M - ELBOW_FOLLOWS * outM, ELBOW_BEHIND_M);
    UP.set(0, 1, 0).applyQuaternion(turn);
    let heading = Math.atan2(side * UP.x, UP.y);
    const bend = Math.atan2(Math.sin(heading - guess), Math.cos(heading - guess));
    heading -= MOST_BEND_RAD * Math.tanh(bend / MOST_BEND_RAD);
    const rise = UP.z / Math.max(Math.hypot(UP.x, UP.y), 1e-3);
    ALONG.set(side * Math.sin(heading), Math.cos(heading), RISE + FOLLOWED_RISE * Math.min(Math.max(rise, -1), 1));
    ALONG.normalize();
    UP.set(0, 0, 1).applyQuaternion(turn);
    UP.addScaledVector(ALONG, -UP.dot(ALONG)).normalize();
    ACROSS.crossVectors(ALONG, UP);
    out.makeBasis(ACROSS, ALONG, UP).setPosition(wrist);
  }
}

const ALONG = new Vector3();
const UP = new Vector3();
const ACROSS = new Vector3();
const SCALE = new Vector3();

/** A sleeve about the forearm, oval, with a turned cuff; it fades out towards the elbow. */
function sleeveGeometry(): BufferGeometry {
  const profile: [number, number][] = [
    [0.0262, SLEEVE_START_M + 0.006], [0.0272, SLEEVE_START_M + 0.001], [0.029, SLEEVE_START_M], [0.0303, SLEEVE_START_M + 0.002],
    [0.0312, SLEEVE_START_M + 0.008], [0.0318, SLEEVE_START_M + 0.03], [0.0314, SLEEVE_START_M + 0.033], [0.0334, SLEEVE_START_M + 0.05],
    [0.0372, SLEEVE_START_M + 0.09], [0.0405, SLEEVE_START_M + 0.13], [0.043, SLEEVE_START_M + 0.18], [0.0445, SLEEVE_END_M],
  ];
  const geometry = new LatheGeometry(profile.reverse().map(([r, d]) => new Vector2(r, -d)), 28);
  const position = geometry.getAttribute("position");
  const colours = new Float32Array(position.count * 4);
  for (let i = 0; i < position.count; i++) {
    const behind = -position.getY(i);
    const fade = Math.min(Math.max((SLEEVE_END_M - behind) / 0.17, 0), 1);
    colours.set([1, 1, 1, fade * fade * (3 - 2 * fade)], i * 4);
  }
  geometry.setAttribute("color", new Float32BufferAttribute(colours, 4));
  geometry.scale(1.16, 1, 0.95);
  geometry.computeVertexNormals();
  return geometry;
}
