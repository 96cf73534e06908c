/** The one clock: the audio element's time where there is sound, else the computer's. */

/** Beyond this the shown time jumps to the sound's instead of drifting towards it [s]. */
const SNAP_SEC = 0.06;

export class Clock {
  time = 0;
  playing = false;
  rate = 1;
  loop: { on: boolean; fromSec: number | null; toSec: number | null } = { on: false, fromSec: null, toSec: null };
  onProblem: (message: string) => void = () => {};
  onDuration: () => void = () => {};
  private lastTick = 0;
  private audio: HTMLMediaElement | null = null;

  constructor(public durationSec: number) {}

  /** Plays a recording; a film is played by its own element. */
  attach(sound: Blob, audio: HTMLMediaElement = new Audio()): void {
    audio.preload = "auto";
    audio.preservesPitch = true;
    const silent = () => {
      if (this.audio !== audio) return;
      this.audio = null;
      this.onProblem("This browser cannot play the recording’s sound; the hands play silently.");
    };
    audio.addEventListener("error", silent);
    audio.addEventListener("loadedmetadata", () => {
      if (!(audio.duration > this.durationSec) || !Number.isFinite(audio.duration)) return;
      this.durationSec = audio.duration;
      this.onDuration();
    });
    this.audio = audio;
    audio.src = URL.createObjectURL(sound);
  }

  get hasSound(): boolean {
    return this.audio !== null;
  }

  /** Where the sound itself is [s], null without sound. */
  get soundSec(): number | null {
    return this.audio ? this.audio.currentTime : null;
  }

  play(): void {
    if (this.playing) return;
    if (this.time >= this.durationSec - 0.01) this.seek(this.loopFrom() ?? 0);
    this.playing = true;
    this.lastTick = performance.now();
    this.startAudio();
  }

  pause(): void {
    this.playing = false;
    this.audio?.pause();
  }

  seek(timeSec: number): void {
    this.time = Math.min(Math.max(timeSec, 0), this.durationSec);
    if (!this.audio) return;
    this.audio.currentTime = this.time;
    if (this.playing && this.audio.paused) this.startAudio();
  }

  setRate(rate: number): void {
    this.rate = Math.min(Math.max(rate, 0.25), 2);
    if (this.audio) this.audio.playbackRate = this.rate;
  }

  setVolume(volume: number, muted: boolean): void {
    if (!this.audio) return;
    this.audio.volume = volume;
    this.audio.muted = muted;
  }

  /** Moves on to the present; called once a frame. */
  tick(): void {
    const now = performance.now();
    const passed = ((now - this.lastTick) / 1000) * this.rate;
    this.lastTick = now;
    if (!this.playing) return;
    const { audio } = this;
    if (audio && !audio.paused && !audio.ended) {
      if (audio.seeking || audio.readyState < 3) return; // the picture waits for the sound
      const ahead = audio.currentTime - (this.time + passed);
      // currentTime moves in small steps: follow the computer's clock, leaning towards the sound's.
      this.time = Math.abs(ahead) > SNAP_SEC ? audio.currentTime : this.time + passed + 0.08 * ahead;
    } else this.time += passed;
    const { on, fromSec, toSec } = this.loop;
    const end = on && toSec !== null ? toSec : this.durationSec;
    if (this.time < end) return;
    if (on) this.seek(fromSec ?? 0);
    else {
      this.time = this.durationSec;
      this.pause();
    }
  }

  private loopFrom(): number | null {
    return this.loop.on ? this.loop.fromSec : null;
  }

  private startAudio(): void {
    const { audio } = this;
    if (!audio || (Number.isFinite(audio.duration) && this.time >= audio.duration)) return;
    audio.currentTime = this.time;
    audio.playbackRate = this.rate;
    audio.play().catch((problem: DOMException) => {
      if (problem.name === "AbortError") return; // paused again before it began
      if (problem.name === "NotAllowedError") {
        this.pause();
        this.onProblem("The browser wants a click on Play before it lets the page sound.");
      }
    });
  }
}
