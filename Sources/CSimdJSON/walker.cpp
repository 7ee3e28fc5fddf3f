#include "walker.hpp"

#include "tokens.hpp"

namespace weir {
namespace {

void put_text(weir_value *slot, int kind, const uint8_t *begin, const uint8_t *end) {
  slot->bits = reinterpret_cast<uintptr_t>(begin);
  slot->length = static_cast<uint32_t>(end - begin);
  slot->kind = static_cast<uint8_t>(kind);
}

void put(weir_value *slot, int kind, uint64_t bits) {
  slot->bits = bits;
  slot->length = 0;
  slot->kind = static_cast<uint8_t>(kind);
}

const uint8_t *find_backslash(const uint8_t *begin, const uint8_t *end) {
  return static_cast<const uint8_t *>(memchr(begin, '\\', static_cast<size_t>(end - begin)));
}

}  // namespace

bool walker::document() {
  const size_t start = *next;
  const uint8_t open = take();
  if (open == '{') {
    if (!object(0, 1)) return false;
    return next == last || fail(WEIR_JSON_TRAILING, *next);
  }
  next--;
  if (!value(nullptr, 0)) return false;
  return fail(next == last ? WEIR_JSON_NOT_AN_OBJECT : WEIR_JSON_TRAILING,
              next == last ? start : *next);
}

inline const uint8_t *walker::token_end(size_t start) const {
  size_t end = *next;
  while (end > start && is_blank(base[end - 1])) end--;
  return base + end;
}

inline bool walker::string_bounds(size_t quote, const uint8_t **begin, const uint8_t **end) {
  const uint8_t *after = token_end(quote);
  *begin = base + quote + 1;
  *end = after - 1;
  return (after > *begin && **end == '"') || fail(WEIR_JSON_STRING, quote);
}

bool walker::object(size_t node_index, int depth) {
  if (depth > WEIR_JSON_MAX_DEPTH) return fail(WEIR_JSON_DEPTH, *(next - 1));
  uint8_t c = take();
  if (c == '}') return true;
  for (;;) {
    if (c != '"') return unexpected();
    const size_t quote = *(next - 1);
    entry *wanted = nullptr;
    if (!find_key(nodes[node_index], quote, &wanted)) return false;
    if (take() != ':') return unexpected();
    if (wanted != nullptr && wanted->child >= 0) {
      if (wanted->seen == message) forget(*wanted);
      wanted->seen = message;
    }
    if (!value(wanted, depth)) return false;
    c = take();
    if (c == '}') return true;
    if (c != ',') return unexpected();
    c = take();
  }
}

// A key that comes again takes the place of all that was found below its first occurrence.
void walker::forget(const entry &repeated) {
  for (int32_t slot : nodes[static_cast<size_t>(repeated.child)].slots_below) {
    put(slots + slot, WEIR_MISSING, 0);
  }
}

inline bool walker::find_key(node &in, size_t quote, entry **found) {
  const uint8_t *begin, *end;
  if (!string_bounds(quote, &begin, &end)) return false;
  if (__builtin_expect(escapes, false) && find_backslash(begin, end) != nullptr) {
    const uint8_t *written = unescape(begin, end, scratch);
    if (written == nullptr) return fail(WEIR_JSON_STRING, quote);
    *found = in.find(scratch, static_cast<size_t>(written - scratch), written);
    return true;
  }
  *found = in.find(begin, static_cast<size_t>(end - begin), base + length);
  return true;
}

inline bool walker::value(entry *wanted, int depth) {
  const uint8_t c = take();
  if (c == 0) return fail(WEIR_JSON_STRUCTURE, length);
  const size_t start = *(next - 1);
  const int32_t slot = wanted == nullptr ? -1 : wanted->slot;
  if (c == '"') return string_value(slot, start);
  if (c != '{' && c != '[') return scalar_value(slot, start);
  if (c == '{' && wanted != nullptr && wanted->child >= 0) {
    if (!object(static_cast<size_t>(wanted->child), depth + 1)) return false;
  } else if (!skip_container(c, depth + 1)) {
    return false;
  }
  if (slot >= 0) {
    put_text(slots + slot, c == '{' ? WEIR_OBJECT : WEIR_ARRAY, base + start,
             base + *(next - 1) + 1);
  }
  return true;
}

inline bool walker::string_value(int32_t slot, size_t quote) {
  const uint8_t *begin, *end;
  if (!string_bounds(quote, &begin, &end)) return false;
  if (__builtin_expect(escapes, false) && find_backslash(begin, end) != nullptr) {
    const uint8_t *written = unescape(begin, end, slot >= 0 ? scratch : nullptr);
    if (written == nullptr) return fail(WEIR_JSON_STRING, quote);
    if (slot >= 0) {
      put_text(slots + slot, WEIR_STRING, scratch, written);
      scratch += written - scratch;
    }
  } else if (slot >= 0) {
    put_text(slots + slot, WEIR_STRING, begin, end);
  }
  return true;
}

inline bool walker::scalar_value(int32_t slot, size_t start) {
  const uint8_t *begin = base + start;
  const uint8_t *end = token_end(start);
  int kind = WEIR_NULL;
  uint64_t bits = 0;
  switch (*begin) {
    case 't':
      if (!is_text(begin, end, "true", 4)) return fail(WEIR_JSON_LITERAL, start);
      kind = WEIR_BOOL;
      bits = 1;
      break;
    case 'f':
      if (!is_text(begin, end, "false", 5)) return fail(WEIR_JSON_LITERAL, start);
      kind = WEIR_BOOL;
      break;
    case 'n':
      if (!is_text(begin, end, "null", 4)) return fail(WEIR_JSON_LITERAL, start);
      break;
    case ',':
    case ':':
    case '}':
    case ']':
      return fail(WEIR_JSON_STRUCTURE, start);
    default:
      if (!is_number(begin, end)) return fail(WEIR_JSON_NUMBER, start);
      if (slot >= 0) put_text(slots + slot, WEIR_NUMBER, begin, end);
      return true;
  }
  if (slot >= 0) put(slots + slot, kind, bits);
  return true;
}

// Checks a container that nobody wants the inside of. Not recursive: `closers` is the stack.
bool walker::skip_container(uint8_t open, int depth) {
  uint8_t closers[WEIR_JSON_MAX_DEPTH + 1];
  int level = depth;
  uint8_t c;
  if (level > WEIR_JSON_MAX_DEPTH) return fail(WEIR_JSON_DEPTH, *(next - 1));

open:
  // '{' and '[' are two less than their closing brackets.
  closers[level] = static_cast<uint8_t>(open + 2);
  c = take();
  if (c == closers[level]) goto closed;
  goto member;

next_member:
  c = take();
member:
  if (closers[level] == '}') {
    if (c != '"') return unexpected();
    if (!string_value(-1, *(next - 1))) return false;
    if (take() != ':') return unexpected();
    c = take();
  }
  if (c == '"') {
    if (!string_value(-1, *(next - 1))) return false;
  } else if (c == '{' || c == '[') {
    if (++level > WEIR_JSON_MAX_DEPTH) return fail(WEIR_JSON_DEPTH, *(next - 1));
    open = c;
    goto open;
  } else if (c == 0) {
    return fail(WEIR_JSON_STRUCTURE, length);
  } else if (!scalar_value(-1, *(next - 1))) {
    return false;
  }

after_value:
  c = take();
  if (c == ',') goto next_member;
  if (c != closers[level]) return unexpected();
closed:
  if (--level >= depth) goto after_value;
  return true;
}

}  // namespace weir
