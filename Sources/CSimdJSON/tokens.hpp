// Scalars and strings of JSON: their grammar, byte for byte. Every function reads [p, end) only.
#pragma once

#include <cstdint>
#include <cstring>

namespace weir {

inline bool is_blank(uint8_t c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

inline bool is_digit(uint8_t c) { return static_cast<uint8_t>(c - '0') < 10; }

// Whether [p, end) is exactly one JSON number.
inline bool is_number(const uint8_t *p, const uint8_t *end) {
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

inline bool is_text(const uint8_t *p, const uint8_t *end, const char *text, size_t length) {
  return static_cast<size_t>(end - p) == length && memcmp(p, text, length) == 0;
}

// Writes the string body [p, end) with its escapes resolved to `out`, which needs end - p bytes.
// A surrogate without its partner becomes U+FFFD. Returns the end of what was written, or nullptr
// for a bad escape. With a null `out`, only checks, and returns any pointer but nullptr.
const uint8_t *unescape(const uint8_t *p, const uint8_t *end, uint8_t *out);

}  // namespace weir
