/// Decodes the planned fields of a JSON object. What is written as most messages are is read in one
/// pass of our own; for the rest stage 1 (structure, strings, UTF-8) is simdjson's, and the walk over
/// its structural index ours. Both take and reject the same.
///
/// No C++ exception crosses this interface; faults are codes. Nothing reads past a payload's end.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// One value; the layout is that of Swift's `StreamCore.Value`.
typedef struct {
  uint64_t bits;       ///< a pointer to text, or 0/1 for a truth value
  uint32_t length;     ///< bytes of text
  uint8_t kind;        ///< one of weir_kind
  uint8_t padding[3];  ///< zero
} weir_value;

enum weir_kind {
  WEIR_MISSING = 0,
  WEIR_NULL = 1,
  WEIR_BOOL = 2,
  WEIR_NUMBER = 3,
  WEIR_STRING = 4,
  WEIR_OBJECT = 5,
  WEIR_ARRAY = 6
};

/// Outcome of a decode.
enum weir_json_code {
  WEIR_JSON_OK = 0,
  WEIR_JSON_EMPTY = 1,          ///< nothing but blanks
  WEIR_JSON_NOT_AN_OBJECT = 2,  ///< well-formed JSON of another type
  WEIR_JSON_STRUCTURE = 3,      ///< something else was expected here, or the text ends early
  WEIR_JSON_TRAILING = 4,       ///< text after the object
  WEIR_JSON_STRING = 5,         ///< a string that is not closed, or a bad escape in it
  WEIR_JSON_CONTROL = 6,        ///< a control character in a string
  WEIR_JSON_UTF8 = 7,           ///< not UTF-8
  WEIR_JSON_NUMBER = 8,         ///< not a JSON number
  WEIR_JSON_LITERAL = 9,        ///< not true, false or null
  WEIR_JSON_DEPTH = 10,         ///< nested deeper than WEIR_JSON_MAX_DEPTH
  WEIR_JSON_MEMORY = 11         ///< no memory for the structural index
};

/// Deepest nesting accepted; the outermost object is level 1.
#define WEIR_JSON_MAX_DEPTH 1024

/// A plan (which paths go to which slots) with its parser. For one thread at a time. Where a
/// function takes one, NULL is treated as memory that ran out.
typedef struct weir_json_decoder weir_json_decoder;

/// Makes a decoder without paths; NULL when there is no memory.
weir_json_decoder *weir_json_create(void);

/// Frees a decoder; NULL is allowed.
void weir_json_free(weir_json_decoder *decoder);

/// Sends the value at a path to slot `slot`. `keys` holds the path's steps one after another,
/// `key_lengths` their lengths in bytes. A path may lead to a slot only once. A path of no steps,
/// or of WEIR_JSON_MAX_DEPTH or more, can never match. Returns 0, or -1 when there is no memory.
int weir_json_add_path(
    weir_json_decoder *decoder, const uint8_t *keys, const size_t *key_lengths, size_t step_count,
    uint32_t slot);

/// Decodes a message into `slots`, the first `slot_count` slots, and `more_slots`, those after. They
/// hold `missing` in all planned places before the call.
///
/// Text without escapes points into the payload. Unescaped text goes to `scratch`, from
/// `*scratch_used` on, which needs `payload_count` free bytes and is advanced. After a fault the
/// slots are unspecified. Returns a weir_json_code.
int weir_json_decode(
    weir_json_decoder *decoder, const uint8_t *payload, size_t payload_count, weir_value *slots,
    uint32_t slot_count, weir_value *more_slots, uint8_t *scratch, size_t *scratch_used);

/// The byte of the payload where the last fault was found; 0 where that is not known.
size_t weir_json_fault_offset(const weir_json_decoder *decoder);

/// The version of simdjson that this is built with.
const char *weir_simdjson_version(void);

/// Whether bytes are UTF-8.
int weir_utf8_valid(const uint8_t *bytes, size_t count);

#ifdef __cplusplus
}
#endif
