#include "tokens.hpp"

namespace weir {
namespace {

constexpr uint32_t replacement = 0xFFFD;

int hex_digit(uint8_t c) {
  if (is_digit(c)) return c - '0';
  uint8_t lower = c | 0x20;
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The UTF-16 unit of four hex digits at p, or -1.
int32_t utf16_unit(const uint8_t *p, const uint8_t *end) {
  if (end - p < 4) return -1;
  int32_t unit = 0;
  for (int i = 0; i < 4; i++) {
    int digit = hex_digit(p[i]);
    if (digit < 0) return -1;
    unit = unit << 4 | digit;
  }
  return unit;
}

size_t put_utf8(uint32_t c, uint8_t out[4]) {
  if (c < 0x80) {
    out[0] = static_cast<uint8_t>(c);
    return 1;
  }
  if (c < 0x800) {
    out[0] = static_cast<uint8_t>(0xC0 | c >> 6);
    out[1] = static_cast<uint8_t>(0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    out[0] = static_cast<uint8_t>(0xE0 | c >> 12);
    out[1] = static_cast<uint8_t>(0x80 | (c >> 6 & 0x3F));
    out[2] = static_cast<uint8_t>(0x80 | (c & 0x3F));
    return 3;
  }
  out[0] = static_cast<uint8_t>(0xF0 | c >> 18);
  out[1] = static_cast<uint8_t>(0x80 | (c >> 12 & 0x3F));
  out[2] = static_cast<uint8_t>(0x80 | (c >> 6 & 0x3F));
  out[3] = static_cast<uint8_t>(0x80 | (c & 0x3F));
  return 4;
}

// Reads the code point of the \u escape whose digits begin at *p, with its second half if it is a
// surrogate pair, and moves *p past it. Returns -1 for digits that are none.
int32_t code_point(const uint8_t **p, const uint8_t *end) {
  int32_t unit = utf16_unit(*p, end);
  if (unit < 0) return -1;
  *p += 4;
  if (unit < 0xD800 || unit > 0xDFFF) return unit;
  if (unit > 0xDBFF || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u') return replacement;
  int32_t low = utf16_unit(*p + 2, end);
  if (low < 0xDC00 || low > 0xDFFF) return replacement;
  *p += 6;
  return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

int simple_escape(uint8_t c) {
  switch (c) {
    case '"': return '"';
    case '\\': return '\\';
    case '/': return '/';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return -1;
  }
}

}  // namespace

const uint8_t *unescape(const uint8_t *p, const uint8_t *end, uint8_t *out) {
  const bool writes = out != nullptr;
  while (p != end) {
    const void *found = memchr(p, '\\', static_cast<size_t>(end - p));
    const uint8_t *escape = found ? static_cast<const uint8_t *>(found) : end;
    const size_t plain = static_cast<size_t>(escape - p);
    if (writes) {
      memcpy(out, p, plain);
      out += plain;
    }
    if (escape == end) break;
    p = escape + 1;
    if (p == end) return nullptr;
    uint8_t bytes[4];
    size_t count = 1;
    if (*p == 'u') {
      p++;
      int32_t c = code_point(&p, end);
      if (c < 0) return nullptr;
      count = put_utf8(static_cast<uint32_t>(c), bytes);
    } else {
      int c = simple_escape(*p++);
      if (c < 0) return nullptr;
      bytes[0] = static_cast<uint8_t>(c);
    }
    if (writes) {
      memcpy(out, bytes, count);
      out += count;
    }
  }
  return writes ? out : end;
}

}  // namespace weir
