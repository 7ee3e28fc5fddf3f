#include "direct.hpp"

#include <simdjson.h>

#include "bytes16.hpp"
#include "tokens.hpp"

#define WEIR_UNLIKELY(x) __builtin_expect(static_cast<bool>(x), false)

namespace weir {
namespace {

// Deeper ones are left to the walker, which does not recurse.
constexpr int depth_max = 64;
// Shorter ones as well, so that 16 bytes can be loaded wherever something is.
constexpr ptrdiff_t length_min = 32;

}  // namespace

bool direct_reader::document() {
  while (limit_ > base_ && is_blank(limit_[-1])) limit_--;
  // Everything in an object but a brace has something behind it, so that no other end is checked.
  if (limit_ - base_ < length_min || limit_[-1] != '}') return false;
  const bytes first = past_blanks(base_);
  return *first == '{' && object(first + 1, &nodes_[0], 1) == limit_;
}

// The bits of the bytes from `at` on for which `test` holds, 16 of them or as many as there are.
template <typename Test>
WEIR_INLINE uint32_t direct_reader::bits(bytes at, Test test) const {
  const ptrdiff_t rest = limit_ - at;
  if (WEIR_UNLIKELY(rest < 16)) return test(bytes16(limit_ - 16)) >> (16 - rest);
  return test(bytes16(at));
}

WEIR_INLINE direct_reader::bytes direct_reader::past_blanks(bytes at) const {
  while (WEIR_UNLIKELY(*at <= ' ') && at < limit_ - 1 && is_blank(*at)) at++;
  return at;
}

direct_reader::bytes direct_reader::object(bytes at, node *in, int depth) {
  at = past_blanks(at);
  if (*at == '}') return at + 1;
  for (size_t position = 0;; position++) {
    if (*at != '"') return nullptr;
    entry *wanted = nullptr;
    at = key(at + 1, in, position, &wanted);
    if (at == nullptr) return nullptr;
    at = past_blanks(at);
    if (*at != ':') return nullptr;
    at = value(past_blanks(at + 1), wanted, depth);
    if (at == nullptr) return nullptr;
    at = past_blanks(at);
    if (*at == '}') return at + 1;
    if (*at != ',') return nullptr;
    at = past_blanks(at + 1);
  }
}

direct_reader::bytes direct_reader::array(bytes at, int depth) {
  at = past_blanks(at);
  if (*at == ']') return at + 1;
  for (;;) {
    at = value(at, nullptr, depth);
    if (at == nullptr) return nullptr;
    at = past_blanks(at);
    if (*at == ']') return at + 1;
    if (*at != ',') return nullptr;
    at = past_blanks(at + 1);
  }
}

WEIR_INLINE direct_reader::bytes direct_reader::key(
    bytes at, node *in, size_t position, entry **found) {
  if (in != nullptr) {
    if (const node::guess *known = in->guessed(at, base_, limit_, position)) {
      *found = known->found;
      return at + known->length;
    }
  }
  const bytes end = string_end(at);
  if (end == nullptr) return nullptr;
  if (in != nullptr) {
    *found = in->find(at, static_cast<size_t>(end - at), limit_);
    in->remember(at, static_cast<size_t>(end - at), position, *found);
  }
  return end + 1;
}

WEIR_INLINE direct_reader::bytes direct_reader::value(bytes at, entry *wanted, int depth) {
  const int32_t slot = wanted == nullptr ? -1 : wanted->slot;
  node *inside = nullptr;
  if (wanted != nullptr && wanted->child >= 0) {
    // A key that comes again takes the place of all that was found below it.
    if (WEIR_UNLIKELY(wanted->seen == message_)) return nullptr;
    wanted->seen = message_;
    inside = &nodes_[static_cast<size_t>(wanted->child)];
  }
  switch (*at) {
    case '"': {
      const bytes end = string_end(at + 1);
      if (end == nullptr) return nullptr;
      if (slot >= 0) row_.put_text(slot, WEIR_STRING, at + 1, end);
      return end + 1;
    }
    case '{':
    case '[': {
      if (WEIR_UNLIKELY(depth >= depth_max)) return nullptr;
      const bool is_object = *at == '{';
      const bytes end =
          is_object ? object(at + 1, inside, depth + 1) : array(at + 1, depth + 1);
      // Where the message's last brace is taken there is nothing behind it.
      if (end == nullptr || end == limit_) return nullptr;
      if (slot >= 0) row_.put_text(slot, is_object ? WEIR_OBJECT : WEIR_ARRAY, at, end);
      return end;
    }
    case 't':
    case 'f':
    case 'n': return literal(at, slot);
    default: return number(at, slot);
  }
}

WEIR_INLINE direct_reader::bytes direct_reader::number(bytes at, int32_t slot) {
  bytes end = at;
  uint32_t ends;
  while ((ends = bits(end, [](bytes16 b) {
            return b.equal(',') | b.equal('}') | b.equal(']') | b.below_or_high('!');
          })) == 0) {
    end += 16;
  }
  end += __builtin_ctz(ends);
  if (end == at || !is_number(at, end, limit_)) return nullptr;
  if (slot >= 0) row_.put_text(slot, WEIR_NUMBER, at, end);
  return end;
}

direct_reader::bytes direct_reader::literal(bytes at, int32_t slot) {
  const size_t length = *at == 'f' ? 5 : 4;
  if (limit_ - at <= static_cast<ptrdiff_t>(length)) return nullptr;
  const char *text = *at == 't' ? "true" : *at == 'f' ? "false" : "null";
  if (!is_text(at, at + length, text, length)) return nullptr;
  if (slot >= 0) row_.put(slot, *at == 'n' ? WEIR_NULL : WEIR_BOOL, *at == 't', 0);
  return at + length;
}

// The closing quote of the string that begins at `begin`; nullptr where it has escapes or control
// characters, is not UTF-8, or does not end.
WEIR_INLINE direct_reader::bytes direct_reader::string_end(bytes begin) const {
  for (bytes at = begin;; at += 16) {
    const uint32_t stops = bits(at, [](bytes16 b) {
      return b.equal('"') | b.equal('\\') | b.below_or_high(' ');
    });
    if (stops == 0) {
      if (WEIR_UNLIKELY(limit_ - at <= 16)) return nullptr;
      continue;
    }
    at += __builtin_ctz(stops);
    if (__builtin_expect(*at == '"', true)) return at;
    return *at >= 0x80 ? wide_string_end(begin) : nullptr;
  }
}

__attribute__((noinline)) direct_reader::bytes direct_reader::wide_string_end(
    bytes begin) const {
  for (bytes at = begin;; at += 16) {
    const uint32_t stops = bits(at, [](bytes16 b) {
      return b.equal('"') | b.equal('\\') | (b.below_or_high(' ') & ~b.high());
    });
    if (stops == 0) {
      if (limit_ - at <= 16) return nullptr;
      continue;
    }
    at += __builtin_ctz(stops);
    const bool is_right =
        *at == '"' && simdjson::validate_utf8(
                          reinterpret_cast<const char *>(begin), static_cast<size_t>(at - begin));
    return is_right ? at : nullptr;
  }
}

}  // namespace weir
