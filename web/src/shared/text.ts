/** 75.3 becomes "1:15", with `tenths` "1:15.3". */
export function clockText(timeSec: number, tenths = false): string {
  const whole = Math.floor(tenths ? Math.floor(timeSec * 10) / 10 : timeSec);
  const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const clock = `${hours ? `${hours}:${String(minutes).padStart(2, "0")}` : minutes}:${String(seconds).padStart(2, "0")}`;
  return tenths ? `${clock}.${Math.floor(timeSec * 10) % 10}` : clock;
}
