import { MAX_PHOTO_BASE64_LENGTH, MAX_PHOTO_BYTES } from '../contract/photo-limits.ts';
import type { ValidationCode } from './validation-failure.ts';

/** The sentences of `VALIDATION_FAILURES` in Chinese, for docs/errors.zh.md. */
export const VALIDATION_FAILURES_ZH: Readonly<Record<ValidationCode, string>> = {
  id_card_length: '必须恰好有 18 个字符，没有空格和分隔符',
  id_card_fifteen_digits: '必须是 18 位号码；第一代身份证的 15 位号码已于 2013-01-01 失效',
  id_card_characters: '必须是 17 位数字 0-9，后跟一位数字或 X；不接受全角数字和其他文字的数字',
  id_card_birth_date: '第 7 至 14 位必须是真实的出生日期（yyyymmdd），不早于 1900 年',
  id_card_birth_date_in_future: '出生日期不得晚于今天（中国时间）',
  id_card_check_digit: '最后一位必须是前 17 位数字的校验码（ISO 7064 MOD 11-2）',
  name_empty: '必须至少有一个字母或汉字',
  name_too_long: '最多 64 个字符（Unicode 码位）',
  name_invisible_character: '不得含有控制字符、换行、文字方向标记或其他不可见字符',
  name_not_utf8: '没有以 UTF-8 发送：请以 UTF-8 发送姓名，并按文件或数据库自身的编码读取',
  name_encoded: '必须是姓名本身，而不是其编码，例如 HTML 实体、百分号编码或转义序列',
  name_radical: '必须写成完整的字；其中含有部首、笔画或对字的描述，某些 PDF 文件会给出这样的内容',
  name_mask: '必须是完整的姓名；其中含有 * ? ● □ 或 X 之类的字符，代表被隐藏或丢失的字',
  name_digit: '不得含有数字；接受汉字 〇（U+3007）',
  name_full_width: '必须使用普通拉丁字母，而不是全角字母',
  name_symbol: '不得含有表情或其他符号',
  name_punctuation:
    '不得含有标点；姓名各部分之间可以用间隔点 ·（U+00B7），拉丁字母的姓名可以含有句点、逗号、连字符和撇号',
  name_dot_spelling: '姓名各部分之间的点必须写作间隔点 ·（U+00B7）；现有的写法可能另有含义',
  name_space:
    '开头和结尾不得有空格；各部分之间可以有一个普通空格，但不得在汉字之间、间隔点旁边，也不得连续两个',
  name_middle_dot: '开头和结尾不得是间隔点，也不得连续两个',
  photo_empty: '不得为空',
  photo_too_large: `作为 Base64 最多 ${MAX_PHOTO_BASE64_LENGTH} 个字符（3 MiB），即 ${MAX_PHOTO_BYTES} 字节的图像`,
  photo_data_uri: '必须只是 Base64 文本，没有 data: URI 前缀',
  photo_line_break: '必须是一行 Base64，没有换行',
  photo_url_safe_alphabet:
    '必须使用带 + 和 / 的标准 Base64 字母表（RFC 4648 第 4 节），而不是带 - 和 _ 的 URL 安全字母表',
  photo_base64_character: '只能含有标准 Base64 字母表的字符（RFC 4648 第 4 节）',
  photo_base64_padding: '必须以正确数量的 = 结尾，未使用的位为零（RFC 4648 第 3.2 和 3.5 节）',
  photo_format: '必须是 JPEG 或 PNG 图像，以其开头的字节判断',
  photo_header: '必须有完整的图像头，给出大于 0 的宽和高',
  extra_length: '必须有 1 至 10 个字符（Unicode 码位）',
  extra_not_unicode: '必须是格式正确的 Unicode，没有单独的代理项',
  extra_not_utf8: '没有以 UTF-8 发送：其中含有 U+FFFD，它代表不是 UTF-8 的字节',
};
