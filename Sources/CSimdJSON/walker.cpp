#include "walker.hpp"

#include "tokens.hpp"

namespace weir {
namespace {

bool has_backslash(const uint8_t *begin, const uint8_t *end) {
  return memchr(begin, '\\', static_cast<size_t>(end - begin)) != nullptr;
}

}  // namespace

void walker::document() {
  cursor at = first;
  const bool is_object = peek(at) == '{';
  at = is_object ? object(at + 1, nodes[0], 1) : value(at, nullptr, 0);
  if (at == nullptr) return;
  if (at != last) {
    fail(WEIR_JSON_TRAILING, *at);
  } else if (!is_object) {
    fail(WEIR_JSON_NOT_AN_OBJECT, *first);
  }
}

// End of the token at a structural: the next structural, less the blanks before it.
WEIR_INLINE const uint8_t *walker::token_end(cursor at) const {
  const uint8_t *end = base + at[1];
  while (is_blank(end[-1])) end--;
  return end;
}

// The closing quote of the string at a structural, or nullptr when something sticks to it.
WEIR_INLINE const uint8_t *walker::string_end(cursor at) {
  const uint8_t *quote = token_end(at) - 1;
  if (quote > base + *at && *quote == '"') return quote;
  fail(WEIR_JSON_STRING, *at);
  return nullptr;
}

cursor walker::object(cursor at, node &in, int depth) {
  if (peek(at) == '}') return at + 1;
  for (size_t position = 0;; position++) {
    if (peek(at) != '"') return unexpected(at);
    entry *wanted = nullptr;
    if (!find_key(at, in, position, &wanted)) return nullptr;
    at++;
    if (peek(at) != ':') return unexpected(at);
    at++;
    if (wanted != nullptr && wanted->child >= 0) {
      // A key that comes again takes the place of all that was found below its first occurrence.
      if (wanted->seen == message) into.clear(nodes[static_cast<size_t>(wanted->child)]);
      wanted->seen = message;
    }
    at = value(at, wanted, depth);
    if (at == nullptr) return nullptr;
    const uint8_t c = peek(at);
    if (c == '}') return at + 1;
    if (c != ',') return unexpected(at);
    at++;
  }
}

WEIR_INLINE bool walker::find_key(cursor at, node &in, size_t position, entry **found) {
  const uint8_t *begin = base + *at + 1;
  const uint8_t *limit = base + length;
  if (const node::guess *known = in.guessed(begin, base, limit, position)) {
    *found = known->found;
    return true;
  }
  const uint8_t *end = string_end(at);
  if (end == nullptr) return false;
  if (escapes && has_backslash(begin, end)) {
    const uint8_t *written = unescape(begin, end, scratch);
    if (written == nullptr) return fail(WEIR_JSON_STRING, *at) != nullptr;
    *found = in.find(scratch, static_cast<size_t>(written - scratch), written);
    return true;
  }
  *found = in.find(begin, static_cast<size_t>(end - begin), limit);
  in.remember(begin, static_cast<size_t>(end - begin), position, *found);
  return true;
}

WEIR_INLINE cursor walker::value(cursor at, entry *wanted, int depth) {
  const int32_t slot = wanted == nullptr ? -1 : wanted->slot;
  const uint8_t c = peek(at);
  if (c == '"') return string_value(at, slot);
  if (c != '{' && c != '[') return scalar_value(at, slot);
  const cursor open = at;
  if (depth >= WEIR_JSON_MAX_DEPTH) return fail(WEIR_JSON_DEPTH, *at);
  if (c == '{' && wanted != nullptr && wanted->child >= 0) {
    at = object(at + 1, nodes[static_cast<size_t>(wanted->child)], depth + 1);
  } else {
    at = skip_container(at, depth + 1);
  }
  if (slot >= 0 && at != nullptr) {
    into.put_text(slot, c == '{' ? WEIR_OBJECT : WEIR_ARRAY, base + *open, base + at[-1] + 1);
  }
  return at;
}

WEIR_INLINE cursor walker::string_value(cursor at, int32_t slot) {
  // Stage 1 marks whatever sticks to a closing quote as a structural of its own, which the caller
  // does not expect there. So a string that nobody wants needs no look.
  if (slot < 0 && !escapes) return at + 1;
  const uint8_t *begin = base + *at + 1;
  const uint8_t *end = string_end(at);
  if (end == nullptr) return nullptr;
  if (__builtin_expect(escapes, false) && has_backslash(begin, end)) {
    const uint8_t *written = unescape(begin, end, slot >= 0 ? scratch : nullptr);
    if (written == nullptr) return fail(WEIR_JSON_STRING, *at);
    if (slot >= 0) {
      into.put_text(slot, WEIR_STRING, scratch, written);
      scratch += written - scratch;
    }
  } else if (slot >= 0) {
    into.put_text(slot, WEIR_STRING, begin, end);
  }
  return at + 1;
}

WEIR_INLINE cursor walker::scalar_value(cursor at, int32_t slot) {
  const uint8_t c = peek(at);
  if (c == 0 || c == ',' || c == ':' || c == '}' || c == ']') return unexpected(at);
  const uint8_t *begin = base + *at;
  const uint8_t *end = token_end(at);
  if (c == 't' || c == 'f' || c == 'n') {
    const bool is_right = c == 't'   ? is_text(begin, end, "true", 4)
                          : c == 'f' ? is_text(begin, end, "false", 5)
                                     : is_text(begin, end, "null", 4);
    if (!is_right) return fail(WEIR_JSON_LITERAL, *at);
    if (slot >= 0) into.put(slot, c == 'n' ? WEIR_NULL : WEIR_BOOL, c == 't', 0);
    return at + 1;
  }
  if (!is_number(begin, end, base + length)) return fail(WEIR_JSON_NUMBER, *at);
  if (slot >= 0) into.put_text(slot, WEIR_NUMBER, begin, end);
  return at + 1;
}

// Checks a container that nobody wants the inside of. Not recursive: `closers` is the stack.
cursor walker::skip_container(cursor at, int depth) {
  uint8_t closers[WEIR_JSON_MAX_DEPTH + 1];
  int level = depth - 1;
  for (;;) {
    // Here a container opens.
    if (++level > WEIR_JSON_MAX_DEPTH) return fail(WEIR_JSON_DEPTH, *at);
    closers[level] = peek(at++) == '{' ? '}' : ']';
    bool ended = peek(at) == closers[level];
    while (true) {
      if (ended) {
        at++;
        if (--level < depth) return at;
      } else {
        if (closers[level] == '}') {
          if (peek(at) != '"') return unexpected(at);
          if ((at = string_value(at, -1)) == nullptr) return nullptr;
          if (peek(at) != ':') return unexpected(at);
          at++;
        }
        const uint8_t c = peek(at);
        if (c == '{' || c == '[') break;
        at = c == '"' ? string_value(at, -1) : scalar_value(at, -1);
        if (at == nullptr) return nullptr;
      }
      // Here a value has ended.
      const uint8_t c = peek(at);
      ended = c == closers[level];
      if (ended) continue;
      if (c != ',') return unexpected(at);
      at++;
    }
  }
}

}  // namespace weir
