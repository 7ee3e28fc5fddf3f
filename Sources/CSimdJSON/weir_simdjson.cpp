#include "weir_simdjson.h"

#include <simdjson.h>

#include <memory>
#include <new>
#include <vector>

#include "direct.hpp"
#include "plan.hpp"
#include "walker.hpp"

namespace {

constexpr size_t usual_capacity = 1 << 16;
constexpr size_t kept_capacity = 1 << 24;

}  // namespace

struct weir_json_decoder {
  std::vector<weir::node> nodes{1};
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage1;
  size_t capacity = 0;
  uint32_t message = 0;
  size_t fault_offset = 0;
  weir::direct_attempts attempts;
  // simdjson's kernel for processors without vectors reads past the end of what it is given.
  const bool needs_padding = simdjson::get_active_implementation()->name() == "fallback";
  std::vector<uint8_t> padded;

  // Finds the structure of a message.
  simdjson::error_code index(const uint8_t *payload, size_t count) {
    if (needs_padding) {
      padded.assign(payload, payload + count);
      padded.resize(count + simdjson::SIMDJSON_PADDING, ' ');
      payload = padded.data();
    }
    return stage1->stage1(payload, count, simdjson::stage1_mode::regular);
  }

  // Makes room for the structural index of `count` bytes.
  bool reserve(size_t count) {
    if (stage1 && count <= capacity) return true;
    size_t wanted = usual_capacity;
    while (wanted < count) wanted *= 2;
    capacity = 0;
    stage1.reset();
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(
            wanted, simdjson::DEFAULT_MAX_DEPTH, stage1) != simdjson::SUCCESS) {
      return false;
    }
    capacity = wanted;
    return true;
  }

  // Gives up the memory of one rare huge message.
  void trim() {
    if (capacity <= kept_capacity) return;
    stage1.reset();
    capacity = 0;
  }
};

namespace {

int code_of(simdjson::error_code error) {
  switch (error) {
    case simdjson::SUCCESS: return WEIR_JSON_OK;
    case simdjson::EMPTY: return WEIR_JSON_EMPTY;
    case simdjson::UTF8_ERROR: return WEIR_JSON_UTF8;
    case simdjson::UNESCAPED_CHARS: return WEIR_JSON_CONTROL;
    case simdjson::UNCLOSED_STRING: return WEIR_JSON_STRING;
    default: return WEIR_JSON_STRUCTURE;
  }
}

int decode(
    weir_json_decoder &decoder, const uint8_t *payload, size_t count, weir_value *slots,
    uint32_t slot_count, weir_value *more_slots, uint8_t *scratch, size_t *scratch_used) {
  decoder.fault_offset = 0;
  const weir::row row{slots, static_cast<int32_t>(slot_count), more_slots};
  if (decoder.attempts.is_due()) {
    weir::direct_reader direct{payload, count, decoder.nodes, row, ++decoder.message};
    const bool is_read = direct.document();
    decoder.attempts.note(is_read);
    if (is_read) return WEIR_JSON_OK;
    row.clear(decoder.nodes[0]);
  }
  if (!decoder.reserve(count)) return WEIR_JSON_MEMORY;
  auto &stage1 = *decoder.stage1;
  const int found = code_of(decoder.index(payload, count));
  if (found != WEIR_JSON_OK) return found;
  const weir::cursor first = stage1.structural_indexes.get();
  weir::walker walker{
      payload, count, first, first + stage1.n_structural_indexes,
      memchr(payload, '\\', count) != nullptr, ++decoder.message, decoder.nodes, row,
      scratch + *scratch_used};
  walker.document();
  decoder.fault_offset = walker.fault_offset;
  *scratch_used = static_cast<size_t>(walker.scratch - scratch);
  return walker.code;
}

}  // namespace

extern "C" weir_json_decoder *weir_json_create(void) {
  try {
    return new weir_json_decoder;
  } catch (const std::exception &) {
    return nullptr;
  }
}

extern "C" void weir_json_free(weir_json_decoder *decoder) { delete decoder; }

extern "C" int weir_json_add_path(
    weir_json_decoder *decoder, const uint8_t *keys, const size_t *key_lengths, size_t step_count,
    uint32_t slot) {
  if (decoder == nullptr) return -1;
  if (step_count == 0 || step_count >= WEIR_JSON_MAX_DEPTH) return 0;
  try {
    std::vector<std::string> path;
    for (size_t step = 0; step < step_count; step++) {
      path.emplace_back(reinterpret_cast<const char *>(keys), key_lengths[step]);
      keys += key_lengths[step];
    }
    weir::add_path(decoder->nodes, path, static_cast<int32_t>(slot));
    return 0;
  } catch (const std::exception &) {
    return -1;
  }
}

extern "C" int weir_json_decode(
    weir_json_decoder *decoder, const uint8_t *payload, size_t payload_count, weir_value *slots,
    uint32_t slot_count, weir_value *more_slots, uint8_t *scratch, size_t *scratch_used) {
  if (decoder == nullptr) return WEIR_JSON_MEMORY;
  try {
    const int code = decode(
        *decoder, payload, payload_count, slots, slot_count, more_slots, scratch, scratch_used);
    decoder->trim();
    return code;
  } catch (const std::exception &) {
    return WEIR_JSON_MEMORY;
  }
}

extern "C" size_t weir_json_fault_offset(const weir_json_decoder *decoder) {
  return decoder == nullptr ? 0 : decoder->fault_offset;
}

extern "C" const char *weir_simdjson_version(void) {
#define WEIR_TEXT(x) #x
#define WEIR_VALUE(x) WEIR_TEXT(x)
  return WEIR_VALUE(SIMDJSON_VERSION);
#undef WEIR_VALUE
#undef WEIR_TEXT
}

extern "C" int weir_utf8_valid(const uint8_t *bytes, size_t count) {
  return simdjson::validate_utf8(reinterpret_cast<const char *>(bytes), count) ? 1 : 0;
}
