/* Words for figures, and text of a log made safe to look at. What the log said only ever becomes text nodes. */

export const known = (value) => value !== null && value !== undefined && Number.isFinite(value);

const digits = (value) =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(2)));

/* Sizes come in MiB. */
export const size = (mib) => {
  if (!known(mib)) return "–";
  const [value, unit] = Math.abs(mib) >= 1048576 ? [mib / 1048576, "TiB"] : Math.abs(mib) >= 1024 ? [mib / 1024, "GiB"] : [mib, "MiB"];
  return `${Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : Number(value.toPrecision(3))} ${unit}`;
};

/* Growth in the unit in which it is a number that one can say. */
export const growth = (perSecond) => {
  if (!known(perSecond)) return "–";
  for (const [factor, unit] of [[1, "s"], [60, "min"], [3600, "h"], [86400, "day"]])
    if (Math.abs(perSecond) * factor >= 0.1 || unit === "day") {
      const rate = perSecond * factor;
      return `${rate > 0 ? "+" : ""}${Math.abs(rate) >= 1024 ? `${digits(rate / 1024)} GiB` : `${digits(rate)} MiB`}/${unit}`;
    }
  return "–";
};

export const share = (value) => {
  if (!known(value)) return "–";
  const percent = value * 100;
  if (percent > 0 && percent < 0.01) return "<0.01 %";
  return `${percent >= 10 || percent === 0 ? Math.round(percent) : percent >= 1 ? percent.toFixed(1) : Number(percent.toPrecision(1))} %`;
};

const UNITS = [[31536000, "y"], [86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
export const span = (seconds) => {
  if (!known(seconds)) return "–";
  if (seconds < 1) return "now";
  const at = UNITS.findIndex(([unit]) => seconds >= unit * (unit === 60 ? 2 : 1));
  const [unit, name] = UNITS[at < 0 ? 4 : at];
  const whole = Math.floor(seconds / unit), below = UNITS[at + 1];
  const rest = below && whole < 10 && unit > 60 ? Math.floor((seconds % unit) / below[0]) : 0;
  return rest ? `${whole} ${name} ${rest} ${below[1]}` : `${whole} ${name}`;
};

export const clock = (unix) => (known(unix) ? new Date(unix * 1000).toISOString().slice(11, 19) : "");
export const day = (unix) => (known(unix) ? new Date(unix * 1000).toISOString().slice(0, 10) : "");
export const bytes = (count) => {
  const step = [[1e12, "TB"], [1e9, "GB"], [1e6, "MB"], [1e3, "kB"]].find(([unit]) => count >= unit);
  return step ? `${Number((count / step[0]).toPrecision(3))} ${step[1]}` : `${count} bytes`;
};
export const count = (value) => Number(value).toLocaleString("en");
export const plural = (value, one, many) => `${count(value)} ${value === 1 ? one : many || `${one}s`}`;

/* Control characters, overrides of the writing direction and invisible characters are shown, not obeyed. */
const UNSAFE = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffc]|[\u{e0000}-\u{e007f}]|[\ud800-\udfff]/gu;
const escaped = (character) => {
  const code = character.codePointAt(0);
  return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : code < 65536 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
};
export const shown = (text, limit = 1000) => {
  const safe = String(text).slice(0, 2 * limit).replace(UNSAFE, escaped);
  return safe.length > limit ? `${safe.slice(0, limit - 1)}…` : safe;
};

export const make = (name, cls, words) => {
  const element = document.createElement(name);
  if (cls) element.className = cls;
  if (words !== undefined) element.textContent = words;
  return element;
};
export const say = (element, words) => {
  if (element.textContent !== words) element.textContent = words;
};

/* A severity is told by a sign, a word and a colour, never by colour alone. */
const SIGNS = { critical: "!", warning: "▲", info: "·" };
export const sign = (severity, state) => (state === "died" ? "✕" : SIGNS[severity] || "✓");
export const tone = (severity, state) => (state === "died" ? "died" : severity || "well");
export const stateWords = (state) => state.replaceAll("-", " ");
