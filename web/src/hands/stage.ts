/** Renderer, light and cameras. The scene's content lies in the keyboard frame (z up). */

import {
  ACESFilmicToneMapping, DirectionalLight, Group, HemisphereLight, type Material, Mesh, MeshLambertMaterial, MeshStandardMaterial,
  NoToneMapping, PCFShadowMap, PerspectiveCamera, PMREMGenerator, Scene, Vector3, WebGLRenderer,
} from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { RoomEnvironment } from "three/addons/environments/RoomEnvironment.js";

import look from "../../../src/duemani/outputs/look.json";
import { contextWishes, drawsInSoftware } from "./software";

export type CameraName = "overhead" | "player" | "side";

/** Where each camera looks from, as a direction in the keyboard frame, and what it must show. */
const VIEWS: Record<CameraName, { from: readonly number[]; y: [number, number]; z: [number, number]; widen: number }> = {
  overhead: { from: look.cameras.overhead, y: [-0.13, 0.36], z: [0, 0.06], widen: 0 },
  player: { from: look.cameras.player, y: [-0.1, 0.3], z: [0, 0.17], widen: 0 },
  side: { from: look.cameras.side, y: [-0.1, 0.2], z: [-0.02, 0.12], widen: -0.12 },
};

/** Less rough than this, black surfaces need a little light of their own where nothing is mirrored. */
const [SHINY, SHEEN] = [0.5, 0.006];
/** Of the lamp and the sky, where the tones are not mapped. */
const PLAIN_LIGHT = [2.35, 1.05] as const;

/** Fewer pixels for one of the page's, and finger numbers could not be read. */
const LEAST_RATIO = 0.5;

/** Part of the window that the overlays leave free, in pixels from each edge. */
export interface Insets {
  top: number;
  bottom: number;
}

export class Stage {
  readonly content = new Group();
  readonly camera = new PerspectiveCamera(32, 1, 0.05, 12);
  readonly controls: OrbitControls;
  onUserMove: () => void = () => {};
  private readonly renderer: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly sky = new HemisphereLight(0xfff6ea, 0x554a40, 1);
  private readonly key = new DirectionalLight(0xfff1de, 2.9);
  private readonly fill = new DirectionalLight(0xcfdcff, 0.35);
  /** How many times the picture was made simpler. */
  coarseness = 0;
  private plain = drawsInSoftware();
  private dressed = false;
  private offsetY = 0;
  /** Pixels drawn for one of the page's. */
  pixelRatio = Math.min(devicePixelRatio, 2);

  constructor(private readonly canvas: HTMLCanvasElement, private readonly widthM: number) {
    this.renderer = new WebGLRenderer({ canvas, ...contextWishes() });
    this.renderer.toneMapping = ACESFilmicToneMapping;
    this.renderer.toneMappingExposure = 0.95;
    this.renderer.shadowMap.enabled = true;
    this.renderer.shadowMap.type = PCFShadowMap;
    this.sky.visible = false;
    this.content.rotation.x = -Math.PI / 2;
    this.scene.add(this.sky);
    this.scene.add(this.content);
    this.addLights();
    this.setRoom(!this.plain);
    this.controls = new OrbitControls(this.camera, canvas);
    this.controls.zoomToCursor = true;
    this.controls.minDistance = 0.12;
    this.controls.maxDistance = 4;
    this.controls.maxPolarAngle = Math.PI * 0.52;
    let held = false;
    this.controls.addEventListener("start", () => (held = true));
    this.controls.addEventListener("end", () => (held = false));
    this.controls.addEventListener("change", () => held && this.onUserMove());
  }

  private addLights(): void {
    const middle = this.widthM / 2;
    const { key } = this;
    key.position.set(middle - 0.62, 0.5, 1.05);
    key.target.position.set(middle, 0.03, 0);
    key.castShadow = true;
    key.shadow.mapSize.set(3072, 1024);
    const box = key.shadow.camera;
    [box.left, box.right, box.bottom, box.top, box.near, box.far] = [-0.74, 0.74, -0.36, 0.26, 0.6, 2.2];
    key.shadow.radius = 3;
    key.shadow.bias = -0.0004;
    key.shadow.normalBias = 0.0012;
    const { fill } = this;
    fill.position.set(middle + 0.9, -0.9, 0.7);
    fill.target.position.set(middle, 0.05, 0);
    for (const light of [key, fill]) this.content.add(light, light.target);
  }

  /** Light from all sides: a room to mirror, or just its mean where that would be too slow. */
  private setRoom(mirrored: boolean): void {
    this.sky.visible = !mirrored;
    if (!mirrored) {
      this.scene.environment = null;
      return;
    }
    const room = new RoomEnvironment();
    const generator = new PMREMGenerator(this.renderer);
    this.scene.environment = generator.fromScene(room, 0.03).texture;
    this.scene.environmentIntensity = 0.36;
    room.dispose();
    generator.dispose();
  }

  /** Gives everything a surface that only takes light, a third of the work for a processor. */
  private makePlain(): void {
    const made = new Map<Material, Material>();
    this.content.traverse((thing) => {
      if (!(thing instanceof Mesh) || !(thing.material instanceof MeshStandardMaterial)) return;
      const rich = thing.material;
      const { transparent, vertexColors, polygonOffset, polygonOffsetFactor, polygonOffsetUnits } = rich;
      const plain = made.get(rich) ?? new MeshLambertMaterial({ transparent, vertexColors, polygonOffset, polygonOffsetFactor, polygonOffsetUnits });
      (plain as MeshLambertMaterial).color = rich.color; // the same one: skin tones may change later
      if (rich.roughness < SHINY) (plain as MeshLambertMaterial).emissive.setScalar(SHEEN);
      made.set(rich, plain);
      thing.material = plain;
    });
    // One lamp, and colours as they come: what each pixel costs.
    this.renderer.toneMapping = NoToneMapping;
    this.fill.visible = false;
    [this.key.intensity, this.sky.intensity] = PLAIN_LIGHT;
    this.key.color.set(0xfff8ec);
    this.dressed = true;
  }

  resize(): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    this.renderer.setPixelRatio(this.pixelRatio);
    this.renderer.setSize(width, height, false);
    this.camera.setViewOffset(width, height, 0, this.offsetY, width, height);
    this.camera.aspect = width / Math.max(height, 1);
    this.camera.updateProjectionMatrix();
  }

  /** A simpler picture where frames come slowly (software rendering, old phones). */
  coarsen(): void {
    if (this.pixelRatio > 1) this.pixelRatio = 1;
    else if (!this.plain) {
      this.plain = true;
      this.setRoom(false);
    } else if (this.key.castShadow) this.key.castShadow = false;
    else if (this.pixelRatio > LEAST_RATIO) this.pixelRatio = Math.max(LEAST_RATIO, 0.84 * this.pixelRatio);
    else return;
    this.coarseness++;
    this.resize();
  }

  /** Places a camera so that the keys from `fromX` to `toX` fit between the overlays. */
  frame(name: CameraName, fromX: number, toX: number, insets: Insets): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const view = VIEWS[name];
    const direction = toWorld(new Vector3().fromArray(view.from)).normalize();
    const x: [number, number] = [fromX - view.widen, toX + view.widen];
    if (x[1] - x[0] < 0.3) [x[0], x[1]] = [(fromX + toX) / 2 - 0.15, (fromX + toX) / 2 + 0.15];
    const corners: Vector3[] = [];
    for (const cx of x) for (const y of view.y) for (const z of view.z) corners.push(toWorld(new Vector3(cx, y, z)));
    const target = corners.reduce((sum, corner) => sum.add(corner), new Vector3()).divideScalar(corners.length);
    const free = { top: 1 - (2 * insets.top) / height, bottom: (2 * insets.bottom) / height - 1 };
    this.offsetY = (insets.bottom - insets.top) / 2;
    this.camera.setViewOffset(width, height, 0, this.offsetY, width, height);
    this.camera.aspect = width / height; // setViewOffset sets it from the whole width
    const fits = (distance: number): boolean => {
      this.look(target, direction, distance);
      return corners.every((corner) => {
        const p = corner.clone().project(this.camera);
        return Math.abs(p.x) < 0.97 && p.y < free.top && p.y > free.bottom;
      });
    };
    let [near, far] = [0.15, 4];
    for (let i = 0; i < 24; i++) {
      const middle = (near + far) / 2;
      if (fits(middle)) far = middle;
      else near = middle;
    }
    this.look(target, direction, far);
    this.controls.target.copy(target);
    this.controls.update();
  }

  /** Moves camera and target along the keyboard [m]. */
  shift(xM: number): void {
    this.camera.position.x += xM;
    this.controls.target.x += xM;
    this.camera.updateMatrixWorld();
  }

  private look(target: Vector3, direction: Vector3, distance: number): void {
    this.camera.position.copy(target).addScaledVector(direction, distance);
    this.camera.lookAt(target);
    this.camera.updateMatrixWorld();
  }

  /** Pixel position of a point given in the keyboard frame, or null behind the camera. */
  project(point: Vector3): { x: number; y: number } | null {
    const p = toWorld(PROJECTED.copy(point)).project(this.camera);
    if (p.z > 1) return null;
    return { x: ((p.x + 1) / 2) * this.canvas.clientWidth, y: ((1 - p.y) / 2) * this.canvas.clientHeight };
  }

  /** Where the camera is, in the keyboard frame [m]. */
  eye(out: Vector3): Vector3 {
    const { x, y, z } = this.camera.position;
    return out.set(x, -z, y);
  }

  render(): void {
    if (this.plain && !this.dressed) this.makePlain();
    this.renderer.render(this.scene, this.camera);
  }

  get drawCalls(): number {
    return this.renderer.info.render.calls;
  }
}

const PROJECTED = new Vector3();

function toWorld(point: Vector3): Vector3 {
  return point.set(point.x, point.z, -point.y);
}
