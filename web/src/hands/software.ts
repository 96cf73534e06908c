/** Whether this browser draws 3D with the processor alone, as it does without a graphics card. */

let known: boolean | null = null;

export function drawsInSoftware(): boolean {
  if (location.hash === "#full") return false;
  known ??= asked();
  return known;
}

/** What a canvas is asked for; smooth edges take the processor twice as long. */
export function contextWishes(): WebGLContextAttributes {
  return { alpha: true, antialias: !drawsInSoftware(), powerPreference: "high-performance" };
}

function asked(): boolean {
  const context = document.createElement("canvas").getContext("webgl2");
  if (!context) return true;
  const names = context.getExtension("WEBGL_debug_renderer_info");
  const name = String(context.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : context.RENDERER));
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}
