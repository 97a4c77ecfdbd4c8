/**
 * CJK Radicals Supplement (U+2E80 to U+2EFF) by the ideograph that each stands for, as pairs of radical and ideograph.
 * Source: EquivalentUnifiedIdeograph.txt of the Unicode Character Database. NFKC maps only two of them.
 */
const SUPPLEMENT = `
⺁厂 ⺂乛 ⺃乚 ⺄乙 ⺅亻 ⺆冂 ⺇𠘨 ⺈刀 ⺉刂 ⺊卜 ⺋㔾 ⺌小 ⺍小 ⺎兀 ⺏尣 ⺐尢 ⺑𡯂 ⺒巳 ⺓幺 ⺔彑
⺕彐 ⺖忄 ⺗心 ⺘扌 ⺙攵 ⺛旡 ⺜日 ⺝月 ⺞歺 ⺟母 ⺠民 ⺡氵 ⺢氺 ⺣灬 ⺤爫 ⺥爫 ⺦丬 ⺧牛 ⺨犭 ⺩王
⺪𤴔 ⺫目 ⺬示 ⺭礻 ⺮𥫗 ⺯糹 ⺰纟 ⺱罓 ⺲罒 ⺳㓁 ⺴冗 ⺵𦉫 ⺶羊 ⺷𦍌 ⺸𦍋 ⺹耂 ⺺肀 ⺻聿 ⺼肉 ⺽𦥑
⺾艹 ⺿艹 ⻀艹 ⻁虎 ⻂衤 ⻃覀 ⻄西 ⻅见 ⻆角 ⻇𧢲 ⻈讠 ⻉贝 ⻊𧾷 ⻋车 ⻌辶 ⻍辶 ⻎辶 ⻏邑 ⻐钅 ⻑長
⻒镸 ⻓长 ⻔门 ⻕𨸏 ⻖阝 ⻗雨 ⻘青 ⻙韦 ⻚页 ⻛风 ⻜飞 ⻝食 ⻞𩙿 ⻟飠 ⻠饣 ⻡𩠐 ⻢马 ⻣骨 ⻤鬼 ⻥鱼
⻦鸟 ⻧卤 ⻨麦 ⻩黄 ⻪黾 ⻫斉 ⻬齐 ⻭歯 ⻮齿 ⻯竜 ⻰龙 ⻱龜 ⻲亀 ⻳龟
`;

const IDEOGRAPH_OF: ReadonlyMap<string, string> = new Map(
  SUPPLEMENT.trim()
    .split(/\s+/)
    .map((pair) => {
      const [radical = '', ideograph = ''] = pair;
      return [radical, ideograph];
    }),
);

/** The radicals of KangXi, which NFKC maps, and those of the supplement. */
const RADICAL = /[\u2E80-\u2EF3\u2F00-\u2FD5]/g;

/**
 * Replaces radicals by the ideographs they stand for. Many PDF files give out a radical where the page shows an
 * ideograph, because both share one glyph: `\u2EE2` for 马, `\u2FA6` for 金.
 *
 * @returns the text, in which only radicals without an ideograph of their own are left
 */
export function foldRadicals(text: string): string {
  return text.replace(RADICAL, (radical) => IDEOGRAPH_OF.get(radical) ?? radical.normalize('NFKC'));
}
