import type { RecordLanguage, RecordOfProcessing } from '../contract/record-of-processing.ts';
import { UNIT_MS } from '../time-units.ts';

/** What a deployment keeps depends on these. */
export interface ProcessingSettings {
  readonly lane: string;
  /** ms, each */
  readonly retentionMs: number;
  readonly subjectTtlMs: number;
  readonly auditRetentionMs: number;
  readonly hasObjectStore: boolean;
  readonly sharesLogs: boolean;
  /** Variables that processes have different values of: then the longest and the most is stated. @default none */
  readonly differing?: readonly string[];
}

type Text = Readonly<Record<RecordLanguage, string>>;

interface Holding {
  readonly what: Text;
  readonly where: Text;
  readonly kept: Text;
  readonly why: Text;
}

const both = (en: string, zh: string): Text => ({ en, zh });
const REDIS = both('Redis', 'Redis');

/**
 * What is kept where, how long and why: the part of a record of processing (GDPR, article 30; PIPL, articles 54 and 55) that the
 * software knows. Purposes, legal bases and recipients of the application are its own.
 */
function listHoldings(settings: ProcessingSettings): readonly Holding[] {
  const [retention, ttl] = [span(settings.retentionMs), span(settings.subjectTtlMs)];
  const photoPlace = settings.hasObjectStore
    ? both(
        'the object store, sealed; its key in Redis, wrapped',
        '对象存储，已封存；其密钥经包裹后存于 Redis',
      )
    : both('Redis, sealed', 'Redis，已封存');
  const untilAnswered = both(
    `until the answer, the cancellation or the erasure; ${ttl.en} at most (SUBJECT_TTL)`,
    `直到得到答复、被取消或被抹除；最长 ${ttl.zh}（SUBJECT_TTL）`,
  );
  const toAsk = both('to ask the upstream', '用于向上游核验');
  return [
    {
      what: both('ID number and name', '身份证号和姓名'),
      where: both('Redis, sealed', 'Redis，已封存'),
      kept: untilAnswered,
      why: toAsk,
    },
    { what: both('photo', '照片'), where: photoPlace, kept: untilAnswered, why: toAsk },
    {
      what: both(
        'verdict, similarity, times, reference and extra of the client',
        '结论、相似度、时间，以及客户端的 reference 和 extra',
      ),
      where: REDIS,
      kept: both(
        `${retention.en} after the event was delivered (RETENTION)`,
        `事件送达后 ${retention.zh}（RETENTION）`,
      ),
      why: both('so that the client can read it again and receive its event', '供客户端再次读取，并接收事件'),
    },
    ...listTraces(settings),
  ];
}

/** What is kept beside a verification itself. */
function listTraces({ auditRetentionMs, sharesLogs }: ProcessingSettings): readonly Holding[] {
  const audit = span(auditRetentionMs);
  return [
    {
      what: both("receivers' answers", '接收方的答复'),
      where: REDIS,
      kept: both('with the verification; of the last ten attempts', '与核验一同保留；最近十次尝试'),
      why: both('to find out why an event does not arrive', '用于查明事件未送达的原因'),
    },
    {
      what: both('keyed digest of the ID number, with times of calls', '身份证号的带密钥摘要，以及调用时间'),
      where: REDIS,
      kept: both('two days after the last call', '最后一次调用之后两天'),
      why: both("for the upstream's limit per person", '用于遵守上游对同一人的限额'),
    },
    {
      what: both('counts of calls by client, day and code', '按客户端、日期和代码统计的调用次数'),
      where: REDIS,
      kept: both('400 days', '400 天'),
      why: both('to check the bill; it names no person', '用于核对账单；不指明任何人'),
    },
    {
      what: both('audit trail: names of operators, ids, times', '审计记录：运维人员的名称、标识、时间'),
      where: REDIS,
      kept: both(`${audit.en} (AUDIT_RETENTION)`, `${audit.zh}（AUDIT_RETENTION）`),
      why: both('to show who did what', '用于证明谁做了什么'),
    },
    {
      what: both('times of an erasure, by id', '按标识记录的抹除时间'),
      where: REDIS,
      kept: both(`${audit.en} (AUDIT_RETENTION)`, `${audit.zh}（AUDIT_RETENTION）`),
      why: both('to sign receipts of it', '用于签发回执'),
    },
    ...(sharesLogs
      ? [
          {
            what: both('warnings and errors, with ids', '警告和错误，含标识'),
            where: REDIS,
            kept: both(
              'the latest 1,000, for a day at most (LOG_SHARING)',
              '最近 1,000 条，最长一天（LOG_SHARING）',
            ),
            why: both('so that operators can follow them', '供运维人员查看'),
          },
        ]
      : []),
    {
      what: both('log, with ids and no person’s data', '日志，含标识，不含个人数据'),
      where: both('where your platform keeps it', '由您的平台保存'),
      kept: both('as your platform is set', '取决于您的平台的设置'),
      why: both('to operate the service', '用于运行服务'),
    },
  ];
}

const WORDS = {
  title: both('Record of processing', '处理活动记录'),
  lane: both('Lane', '通道'),
  made: both('Made', '生成时间'),
  columns: [both('data', '数据'), both('where', '位置'), both('kept', '保留'), both('why', '目的')],
  recipients: both(
    'Recipients: the upstream (Tencent Cloud FaceID) gets ID number, name and photo; the client’s callback gets the verdict and its own reference. No other recipient gets a person’s data from this software.',
    '接收方：上游（腾讯云人脸核身）接收身份证号、姓名和照片；客户端的回调地址接收结论和客户端自己的 reference。本软件不向其他接收方提供个人数据。',
  ),
  backups: both(
    'Backups of Redis hold what Redis held when they were made, sealed as it was. Delete them in your own time.',
    'Redis 的备份保有备份之时的内容，并同样处于封存状态。请按您自己的期限删除。',
  ),
  differing: (names: string) =>
    both(
      `Processes run with different values of ${names}. The longest time, and every place, is stated.`,
      `各进程的 ${names} 取值不同。此处列出最长的期限和全部位置。`,
    ),
} as const;

/** @param now ms epoch */
export function describeProcessing(
  settings: ProcessingSettings,
  language: RecordLanguage,
  now: number,
): RecordOfProcessing {
  const say = (text: Text) => text[language];
  const { lane, differing = [] } = settings;
  return {
    title: say(WORDS.title),
    about: `${say(WORDS.lane)}: ${lane}. ${say(WORDS.made)}: ${new Date(now).toISOString()}.`,
    columns: WORDS.columns.map(say),
    rows: listHoldings(settings).map(({ what, where, kept, why }) => [what, where, kept, why].map(say)),
    notes: [
      ...(differing.length === 0 ? [] : [say(WORDS.differing(differing.join(', ')))]),
      say(WORDS.recipients),
      say(WORDS.backups),
    ],
  };
}

/** As a page in Markdown. */
export function renderRecordOfProcessing({ title, about, columns, rows, notes }: RecordOfProcessing): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    `# ${title}`,
    '',
    about,
    '',
    line(columns),
    line(columns.map(() => '---')),
    ...rows.map(line),
    ...notes.flatMap((note) => ['', note]),
  ].join('\n');
}

const UNITS = [
  ['d', both('d', '天')],
  ['h', both('h', '小时')],
  ['m', both('min', '分钟')],
  ['s', both('s', '秒')],
  ['ms', both('ms', '毫秒')],
] as const;

const span = (ms: number): Text => both(formatSpan(ms, 'en'), formatSpan(ms, 'zh'));

/** In the largest unit in which it is a whole number. */
function formatSpan(ms: number, language: RecordLanguage): string {
  const [unit, name] =
    UNITS.find(([each]) => ms % UNIT_MS[each] === 0) ?? (['ms', both('ms', '毫秒')] as const);
  return `${ms / UNIT_MS[unit]} ${name[language]}`;
}
