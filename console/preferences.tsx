import { effect, signal } from '@preact/signals';

/** What the reader of this browser chose. Kept in the browser alone. */

export type Language = 'en' | 'zh';
/** `local`: the browser's. */
export type Zone = 'local' | 'UTC' | 'Asia/Shanghai';

const LANGUAGE = 'veriqueue.language';
const ZONE = 'veriqueue.zone';

export const language = signal<Language>(readLanguage());
export const zone = signal<Zone>(readZone());

/** For `Intl`; undefined is the browser's. */
export const timeZone = (): string | undefined => (zone.value === 'local' ? undefined : zone.value);

export function chooseLanguage(chosen: Language): void {
  language.value = chosen;
  remember(LANGUAGE, chosen);
}

export function chooseZone(chosen: Zone): void {
  zone.value = chosen;
  remember(ZONE, chosen);
}

effect(() => {
  document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en';
});

function readLanguage(): Language {
  const chosen = recall(LANGUAGE) ?? navigator.language;
  return chosen.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

function readZone(): Zone {
  const chosen = recall(ZONE);
  return chosen === 'UTC' || chosen === 'Asia/Shanghai' ? chosen : 'local';
}

/** A browser may keep nothing, in a private window for instance: then the choice lasts as long as the page. */
function recall(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function remember(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // See `recall`.
  }
}
