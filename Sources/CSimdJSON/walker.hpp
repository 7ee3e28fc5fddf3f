// One pass over a message's structural index.
#pragma once

#include <cstdint>
#include <vector>

#include "plan.hpp"
#include "row.hpp"

namespace weir {

// A place in the structural index. Passed and returned by value so that it stays in a register.
using cursor = const uint32_t *;

// Walks the structural characters that stage 1 found: operators, opening quotes, the first byte of
// every other scalar. Stage 1 has checked UTF-8, control characters in strings and that strings
// are closed. Everything else is checked here, skipped values included, so a message decodes if
// and only if it is well-formed.
//
// Functions that walk take the cursor of the structural to be taken next and give that after what
// they read, or nullptr when they have called `fail`.
struct walker {
  const uint8_t *base;
  size_t length;
  cursor first;
  cursor last;  // one past the last structural; *last is `length`
  bool escapes;  // whether there is a backslash anywhere
  uint32_t message;
  std::vector<node> &nodes;
  row into;
  uint8_t *scratch;
  int code = WEIR_JSON_OK;
  size_t fault_offset = 0;

  // Decodes the whole message; `code` says with what outcome.
  void document();

 private:
  cursor fail(int code, size_t offset) {
    this->code = code;
    fault_offset = offset;
    return nullptr;
  }

  // The character of a structural; 0 at the end, which no state accepts.
  uint8_t peek(cursor at) const { return at == last ? uint8_t{0} : base[*at]; }

  // Fails at a structural that was not to come here. *last is the payload's length.
  cursor unexpected(cursor at) { return fail(WEIR_JSON_STRUCTURE, *at); }

  const uint8_t *token_end(cursor at) const;
  const uint8_t *string_end(cursor at);
  cursor object(cursor at, node &in, int depth);
  cursor value(cursor at, entry *wanted, int depth);
  bool find_key(cursor at, node &in, size_t position, entry **found);
  cursor string_value(cursor at, int32_t slot);
  cursor scalar_value(cursor at, int32_t slot);
  cursor skip_container(cursor at, int depth);
};

}  // namespace weir
