/** Skin: a physical material with nails, creases, mottling and light that bleeds red at edges. */

import { Color, MeshStandardMaterial } from "three";
import look from "../../../src/duemani/outputs/look.json";

const VERTEX_HEAD = `
attribute vec3 nail;
attribute vec2 crease;
attribute float flush;
attribute vec3 rest;
varying vec3 vNail;
varying vec2 vCrease;
varying vec3 vRest;
varying float vFlush;
`;

const FRAGMENT_HEAD = `
varying vec3 vNail;
varying vec2 vCrease;
varying vec3 vRest;
varying float vFlush;
float skinNail;
float skinHash(vec3 p) {
  p = fract(p * 0.3183099 + 0.1);
  p *= 17.0;
  return fract(p.x * p.y * p.z * (p.x + p.y + p.z));
}
float skinNoise(vec3 x) {
  vec3 i = floor(x), f = fract(x);
  f = f * f * (3.0 - 2.0 * f);
  return mix(
    mix(mix(skinHash(i), skinHash(i + vec3(1, 0, 0)), f.x), mix(skinHash(i + vec3(0, 1, 0)), skinHash(i + vec3(1, 1, 0)), f.x), f.y),
    mix(mix(skinHash(i + vec3(0, 0, 1)), skinHash(i + vec3(1, 0, 1)), f.x), mix(skinHash(i + vec3(0, 1, 1)), skinHash(i + vec3(1, 1, 1)), f.x), f.y),
    f.z);
}
float skinCreaseDistance() {
  return abs(vCrease.x) < abs(vCrease.y) ? vCrease.x : vCrease.y;
}
float skinCrease() {
  float d = skinCreaseDistance();
  float waver = (skinNoise(vRest * 900.0) - 0.5) * 1.2;
  float lines = 0.5 + 0.5 * cos((d + waver) * 2.6);
  return lines * exp(-d * d / 9.0) * smoothstep(0.15, 0.6, vNail.z);
}
`;

const FRAGMENT_COLOUR = `
{
  // The nail: a rounded rectangle in the finger's own coordinates, on its back only.
  vec2 nail = vNail.xy;
  nail.y -= 0.16 * (1.0 - nail.x * nail.x) * step(0.0, nail.y);
  float edge = pow(pow(abs(nail.x), 3.2) + pow(abs(nail.y), 3.2), 1.0 / 3.2);
  float back = smoothstep(0.1, 0.35, vNail.z);
  skinNail = (1.0 - smoothstep(0.93, 1.0, edge)) * back;
  float rim = smoothstep(0.9, 1.0, edge) * (1.0 - smoothstep(1.0, 1.22, edge)) * back;
  float fromCrease = skinCreaseDistance();
  float knuckle = exp(-fromCrease * fromCrease / 42.0) * smoothstep(-0.2, 0.7, vNail.z);
  float tip = smoothstep(-2.6, 0.6, vNail.y) * step(abs(vNail.y), 4.0);
  float palm = 1.0 - smoothstep(-0.75, 0.1, vNail.z);
  float mottle = skinNoise(vRest * 110.0) - 0.5 + 0.6 * (skinNoise(vRest * 330.0) - 0.5);
  float red = clamp(0.55 * knuckle + 0.5 * tip + 0.6 * vFlush + 0.3 * mottle, -0.3, 1.0);
  diffuseColor.rgb *= mix(vec3(1.0), vec3(1.02, 0.84, 0.8), red);
  diffuseColor.rgb = mix(diffuseColor.rgb, diffuseColor.rgb * vec3(1.06, 1.02, 1.0) + vec3(0.025, 0.012, 0.01), palm);
  diffuseColor.rgb *= 1.0 + 0.09 * mottle;
  diffuseColor.rgb *= 1.0 - 0.2 * skinCrease();
  vec3 plate = mix(diffuseColor.rgb * vec3(1.04, 0.9, 0.86), vec3(0.9, 0.5, 0.43), 0.3);
  float moon = 1.0 - smoothstep(0.22, 0.34, length((nail - vec2(0.0, -1.0)) * vec2(0.6, 1.0)));
  float free = smoothstep(0.8, 0.9, nail.y);
  plate = mix(plate, plate * 0.4 + vec3(0.56, 0.47, 0.42), 0.45 * moon + 0.7 * free);
  diffuseColor.rgb = mix(diffuseColor.rgb, plate, skinNail);
  diffuseColor.rgb *= 1.0 - 0.22 * rim;
}
`;

const FRAGMENT_NORMAL = `
{
  // Pores only where the picture resolves them; from afar they would be sand.
  float pixel = length(fwidth(vRest));
  float pores = 1.0 - smoothstep(0.00008, 0.0003, pixel);
  float h = (1.0 - skinNail) * (0.00016 * pores * skinNoise(vRest * 1500.0)
    - 0.00045 * (1.0 - smoothstep(0.0004, 0.001, pixel)) * skinCrease()) + 0.00028 * skinNail;
  vec3 dpdx = dFdx(-vViewPosition), dpdy = dFdy(-vViewPosition);
  vec3 r1 = cross(dpdy, normal), r2 = cross(normal, dpdx);
  float det = dot(dpdx, r1);
  vec3 slope = sign(det) * (dFdx(h) * r1 + dFdy(h) * r2);
  vec3 bent = abs(det) * normal - slope;
  if (dot(bent, bent) > 0.0) normal = normalize(bent);
}
`;

const FRAGMENT_ROUGHNESS = `
roughnessFactor = mix(roughnessFactor, 0.36, skinNail);
`;

/** Light scattered inside: the shadow side of thin parts and the edges glow a warm red. */
const FRAGMENT_SCATTER = `
{
  float graze = 1.0 - saturate(dot(normal, normalize(vViewPosition)));
  outgoingLight += diffuseColor.rgb * vec3(0.55, 0.13, 0.07) * (0.045 + 0.24 * pow(graze, 2.5)) * (1.0 - skinNail);
}
`;

export function skinMaterial(): MeshStandardMaterial {
  const material = new MeshStandardMaterial({
    color: new Color(look.skin),
    roughness: 0.62,
    envMapIntensity: 0.8,
  });
  material.onBeforeCompile = (shader) => {
    shader.vertexShader = VERTEX_HEAD + shader.vertexShader.replace(
      "#include <begin_vertex>",
      "#include <begin_vertex>\nvNail = nail;\nvCrease = crease;\nvFlush = flush;\nvRest = rest;",
    );
    shader.fragmentShader = FRAGMENT_HEAD + shader.fragmentShader
      .replace("#include <color_fragment>", `#include <color_fragment>${FRAGMENT_COLOUR}`)
      .replace("#include <roughnessmap_fragment>", `#include <roughnessmap_fragment>${FRAGMENT_ROUGHNESS}`)
      .replace("#include <normal_fragment_maps>", `#include <normal_fragment_maps>${FRAGMENT_NORMAL}`)
      .replace("#include <opaque_fragment>", `${FRAGMENT_SCATTER}#include <opaque_fragment>`);
  };
  return material;
}
