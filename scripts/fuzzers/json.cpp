// What the direct reader takes, the walker over simdjson's index takes too, and reads alike: for
// libFuzzer, with both compiled in. The slots of both are compared byte for byte.
#include <simdjson.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "direct.hpp"
#include "walker.hpp"

namespace {

constexpr size_t longest = 1 << 16;
// Two of them are kept elsewhere, as places behind a row's fields are.
constexpr int32_t slot_count = 6;

struct readers {
  std::vector<weir::node> nodes{1};
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage1;
  uint32_t message = 0;

  readers() {
    const std::vector<std::vector<std::string>> paths = {
        {"type"}, {"userId"}, {"properties"}, {"properties", "total"},
        {"properties", "a", "b"}, {""}, {"a_key_of_15byte"}, {"a_key_of_17_bytes"}};
    for (size_t slot = 0; slot < paths.size(); slot++) {
      weir::add_path(nodes, paths[slot], static_cast<int32_t>(slot));
    }
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(
            longest, simdjson::DEFAULT_MAX_DEPTH, stage1) != simdjson::SUCCESS) {
      abort();
    }
  }
};

struct outcome {
  weir_value slots[slot_count] = {};
  weir_value more_slots[2] = {};

  weir::row row() { return {slots, slot_count, more_slots}; }

  bool operator==(const outcome &other) const {
    return memcmp(slots, other.slots, sizeof slots) == 0 &&
           memcmp(more_slots, other.more_slots, sizeof more_slots) == 0;
  }
};

void check(bool holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "%s\n", what);
  abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static readers shared;
  if (size == 0 || size >= longest) return 0;
  // A copy of its exact size, so that a read past its end is seen.
  const std::unique_ptr<uint8_t[]> payload(new uint8_t[size]);
  memcpy(payload.get(), data, size);
  outcome direct;
  weir::direct_reader reader{
      payload.get(), size, shared.nodes, direct.row(), ++shared.message};
  if (!reader.document()) return 0;
  check(
      shared.stage1->stage1(payload.get(), size, simdjson::stage1_mode::regular) ==
          simdjson::SUCCESS,
      "simdjson finds fault with it");
  outcome walked;
  std::vector<uint8_t> scratch(size);
  const weir::cursor first = shared.stage1->structural_indexes.get();
  weir::walker walker{
      payload.get(), size, first, first + shared.stage1->n_structural_indexes,
      memchr(payload.get(), '\\', size) != nullptr, ++shared.message, shared.nodes, walked.row(),
      scratch.data()};
  walker.document();
  check(walker.code == WEIR_JSON_OK, "the walker finds fault with it");
  check(direct == walked, "the walker reads something else");
  return 0;
}
