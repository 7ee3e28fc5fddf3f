// One pass over a message's structural index.
#pragma once

#include <cstdint>
#include <vector>

#include "plan.hpp"
#include "weir_simdjson.h"

namespace weir {

// Walks the structural characters that stage 1 found: operators, opening quotes, the first byte of
// every other scalar. Stage 1 has checked UTF-8, control characters in strings and that strings
// are closed. Everything else is checked here, skipped values included, so a message decodes if
// and only if it is well-formed.
struct walker {
  const uint8_t *base;
  size_t length;
  const uint32_t *next;  // the structural to be taken next; *last is `length`
  const uint32_t *last;
  bool escapes;  // whether there is a backslash anywhere
  uint32_t message;
  std::vector<node> &nodes;
  weir_value *slots;
  uint8_t *scratch;
  int code = WEIR_JSON_OK;
  size_t fault_offset = 0;

  // Decodes the whole message. Returns whether it is an object; if not, `code` says why.
  bool document();

 private:
  bool fail(int code, size_t offset) {
    this->code = code;
    fault_offset = offset;
    return false;
  }

  // Takes the next structural character; 0 at the end, which no state accepts.
  uint8_t take() { return next == last ? uint8_t{0} : base[*next++]; }

  // Fails at the structural taken last.
  bool unexpected() {
    return fail(WEIR_JSON_STRUCTURE, next == last ? length : *(next - 1));
  }

  // End of the token that begins at `start`: the next structural, less the blanks before it.
  const uint8_t *token_end(size_t start) const;
  bool string_bounds(size_t quote, const uint8_t **begin, const uint8_t **end);
  bool object(size_t node_index, int depth);
  bool value(entry *wanted, int depth);
  bool find_key(node &in, size_t quote, entry **found);
  bool string_value(int32_t slot, size_t quote);
  bool scalar_value(int32_t slot, size_t start);
  bool skip_container(uint8_t open, int depth);
  void forget(const entry &repeated);
};

}  // namespace weir
