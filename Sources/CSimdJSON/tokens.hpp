// Scalars and strings of JSON: their grammar, byte for byte. Every function reads [p, end) only.
#pragma once

#include <cstdint>
#include <cstring>

#include "plan.hpp"

namespace weir {

inline bool is_blank(uint8_t c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

inline bool is_digit(uint8_t c) { return static_cast<uint8_t>(c - '0') < 10; }

// Whether [p, end) is exactly one JSON number.
inline bool is_any_number(const uint8_t *p, const uint8_t *end) {
  if (p != end && *p == '-') p++;
  if (p == end) return false;
  if (*p == '0') {
    p++;
  } else {
    if (!is_digit(*p)) return false;
    while (p != end && is_digit(*p)) p++;
  }
  if (p != end && *p == '.') {
    p++;
    if (p == end || !is_digit(*p)) return false;
    while (p != end && is_digit(*p)) p++;
  }
  if (p != end && (*p == 'e' || *p == 'E')) {
    p++;
    if (p != end && (*p == '+' || *p == '-')) p++;
    if (p == end || !is_digit(*p)) return false;
    while (p != end && is_digit(*p)) p++;
  }
  return p == end;
}

// Whether [p, end) is exactly one JSON number. Reads nothing at or past `limit`. Numbers of up to 8
// bytes without sign and exponent are checked in one word: the lengths of numbers vary from event
// to event, and a loop over digits would be mispredicted each time.
inline bool is_number(const uint8_t *p, const uint8_t *end, const uint8_t *limit) {
  const size_t length = static_cast<size_t>(end - p);
  if (length > 8 || limit - p < 8) return is_any_number(p, end);
  uint64_t word;
  memcpy(&word, p, 8);
  const uint64_t highs = 0x8080808080808080u;
  // A byte that is a digit becomes 0 to 9; adding 0x76 sets the high bit of all others, which are
  // below 0x80 after the xor unless their own high bit is set.
  const uint64_t digits = word ^ 0x3030303030303030u;
  const uint64_t others =
      (((digits & ~highs) + 0x7676767676767676u) | digits) & highs & low_bytes(length);
  const bool zero = *p == '0';
  if (others == 0) return !zero || length == 1;
  const size_t point = static_cast<size_t>(__builtin_ctzll(others)) / 8;
  if ((others & (others - 1)) != 0 || p[point] != '.') return is_any_number(p, end);
  return point > 0 && point + 1 < length && (!zero || point == 1);
}

inline bool is_text(const uint8_t *p, const uint8_t *end, const char *text, size_t length) {
  return static_cast<size_t>(end - p) == length && memcmp(p, text, length) == 0;
}

// Writes the string body [p, end) with its escapes resolved to `out`, which needs end - p bytes.
// A surrogate without its partner becomes U+FFFD. Returns the end of what was written, or nullptr
// for a bad escape. With a null `out`, only checks, and returns any pointer but nullptr.
const uint8_t *unescape(const uint8_t *p, const uint8_t *end, uint8_t *out);

}  // namespace weir
