// One pass over a message's bytes, without a structural index.
#pragma once

#include <cstdint>
#include <vector>

#include "plan.hpp"
#include "row.hpp"

namespace weir {

// Reads messages as producers mostly write them: an object, no escapes. It checks all that the
// walker over simdjson's index checks, and what it takes it reads alike; what is unusual or wrong
// it leaves to the walker, which can also say what is wrong.
//
// Finding the structure of a message before its values are read takes longer than reading the
// values: most keys are where they were in the message before, and a string's end is one look at
// 16 bytes away.
class direct_reader {
 public:
  direct_reader(
      const uint8_t *payload, size_t length, std::vector<node> &nodes, const row &into,
      uint32_t message)
      : base_(payload), limit_(payload + length), nodes_(nodes), row_(into), message_(message) {}

  // Reads the whole message; false when that is left to others: slots may be filled then.
  bool document();

 private:
  // Functions that read take a pointer into the message, give the one behind what they read, and
  // nullptr when they give up.
  using bytes = const uint8_t *;

  const bytes base_;
  bytes limit_;  // behind the outermost object: the byte before is its brace
  std::vector<node> &nodes_;
  const row row_;
  const uint32_t message_;

  template <typename Test>
  uint32_t bits(bytes at, Test test) const;
  bytes object(bytes at, node *in, int depth);
  bytes array(bytes at, int depth);
  bytes key(bytes at, node *in, size_t position, entry **found);
  bytes value(bytes at, entry *wanted, int depth);
  bytes number(bytes at, int32_t slot);
  bytes literal(bytes at, int32_t slot);
  bytes string_end(bytes begin) const;
  bytes wide_string_end(bytes begin) const;
  bytes past_blanks(bytes at) const;
};

// Whether reading directly is worth a try: a producer that writes what it gives up on does so in
// most messages, so each time in a row it is tried half as often, down to one message in 64.
class direct_attempts {
 public:
  // Whether to try with the next message.
  bool is_due() { return rest_ == 0 || --rest_ == 0; }

  // Notes what became of a try.
  void note(bool is_read) {
    pause_ = is_read ? 0 : pause_ < 63 ? 2 * pause_ + 1 : 63;
    rest_ = pause_ == 0 ? 0 : pause_ + 1;
  }

 private:
  uint32_t pause_ = 0;  // messages to be left out after a failure
  uint32_t rest_ = 0;
};

}  // namespace weir
