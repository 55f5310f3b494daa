/* JSON as a log's lines hold it: passed over and judged, never unpacked.

   What is called pass_… goes behind what it is named for and says true, or says false: then the
   text is given up. Only PASS and pass_any stay where they were, so that another may be tried.

   What is refused here is not wrong for that: Python judges it anew. So the rare and the
   doubtful is refused, such as halves of characters, space, deep nesting. */

#ifndef AUDIT_CONSOLE_JSON_H
#define AUDIT_CONSOLE_JSON_H

#include <emmintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { DEEPEST = 32 };

/* A place in a text. Nothing is read at `end` or behind it. */
typedef struct {
    const uint8_t *at;
    const uint8_t *end;
} Cursor;

static inline size_t left(const Cursor *text)
{
    return (size_t)(text->end - text->at);
}

static inline bool pass_bytes(Cursor *text, const char *expected, size_t size)
{
    if (left(text) < size || memcmp(text->at, expected, size) != 0)
        return false;
    text->at += size;
    return true;
}

#define PASS(text, expected) pass_bytes(text, expected, sizeof(expected) - 1)

static inline bool pass_any(Cursor *text, char one, char other)
{
    if (left(text) == 0 || (*text->at != one && *text->at != other))
        return false;
    text->at++;
    return true;
}

static inline bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static inline bool is_lower_hex(uint8_t byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'f');
}

/* Go to the next quote, backslash, control character or byte that is not ASCII. Where fewer than
   sixteen bytes are left, a whole line holds its hash and no other string: there it stops. */
static inline void pass_plain(Cursor *text)
{
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
    const __m128i space = _mm_set1_epi8(' '); /* bytes that are not ASCII are below it: signed */
    while (left(text) >= sizeof(__m128i)) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)text->at);
        const __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote),
                                           _mm_cmpeq_epi8(bytes, backslash));
        const int found = _mm_movemask_epi8(_mm_or_si128(marks, _mm_cmplt_epi8(bytes, space)));
        if (found) {
            text->at += __builtin_ctz((unsigned int)found);
            return;
        }
        text->at += sizeof(__m128i);
    }
}

static inline bool continues(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Pass one character of two to four bytes (RFC 3629: none too long, no surrogate). */
static bool pass_utf8(Cursor *text)
{
    const uint8_t *at = text->at;
    const size_t size = left(text);
    size_t length = 0;
    if (size >= 2 && at[0] >= 0xc2 && at[0] <= 0xdf)
        length = 2;
    else if (size >= 3 && at[0] >= 0xe0 && at[0] <= 0xef)
        length = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ? 0 : 3;
    else if (size >= 4 && at[0] >= 0xf0 && at[0] <= 0xf4)
        length = (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f) ? 0 : 4;
    for (size_t i = 1; i < length; i++)
        if (!continues(at[i]))
            return false;
    text->at += length;
    return length > 0;
}

static bool is_short_escape(uint8_t byte)
{
    return byte != 0 && strchr("\"\\bfnrt", byte) != NULL;
}

/* Pass an escape that format v1 prints: short where there is a short one, else \u00xx. */
static bool pass_canonical_escape(Cursor *text)
{
    const uint8_t *at = text->at;
    if (left(text) >= 2 && is_short_escape(at[1])) {
        text->at += 2;
        return true;
    }
    if (left(text) < 6 || memcmp(at, "\\u00", 4) != 0 || !is_lower_hex(at[5]))
        return false;
    const bool has_no_short = at[4] == '0' ? strchr("89acd", at[5]) == NULL : at[4] == '1';
    text->at += has_no_short ? 6 : 0;
    return has_no_short;
}

/* Pass any escape of JSON but halves of characters. */
static bool pass_json_escape(Cursor *text)
{
    const uint8_t *at = text->at;
    if (left(text) >= 2 && (is_short_escape(at[1]) || at[1] == '/')) {
        text->at += 2;
        return true;
    }
    if (left(text) < 6 || at[1] != 'u' || at[2] == 'd' || at[2] == 'D')
        return false;
    for (int i = 2; i < 6; i++)
        if (!is_lower_hex(at[i]) && !(at[i] >= 'A' && at[i] <= 'F'))
            return false;
    text->at += 6;
    return true;
}

typedef bool Escape(Cursor *text);

/* Pass a string from behind its first quote to behind its last. */
static inline bool pass_string(Cursor *text, Escape *pass_escape)
{
    for (;;) {
        pass_plain(text);
        if (left(text) == 0)
            return false;
        if (*text->at == '"') {
            text->at++;
            return true;
        }
        if (*text->at == '\\' ? !pass_escape(text) : !pass_utf8(text))
            return false;
    }
}

static inline bool pass_digits(Cursor *text)
{
    const uint8_t *begin = text->at;
    while (left(text) > 0 && is_digit(*text->at))
        text->at++;
    return text->at > begin;
}

static bool pass_number(Cursor *text)
{
    (void)PASS(text, "-");
    if (!PASS(text, "0") && !pass_digits(text))
        return false;
    if (PASS(text, ".") && !pass_digits(text))
        return false;
    if (!pass_any(text, 'e', 'E'))
        return true;
    (void)pass_any(text, '+', '-');
    return pass_digits(text);
}

static bool pass_value(Cursor *text, int deeper);

/* Pass an array or object from behind its first bracket on. */
static bool pass_parts(Cursor *text, char last, int deeper)
{
    if (deeper == 0)
        return false;
    if (pass_any(text, last, last))
        return true;
    do {
        if (last == '}')
            if (!PASS(text, "\"") || !pass_string(text, pass_json_escape) || !PASS(text, ":"))
                return false;
        if (!pass_value(text, deeper - 1))
            return false;
    } while (PASS(text, ","));
    return pass_any(text, last, last);
}

static bool pass_object(Cursor *text)
{
    return PASS(text, "{") && pass_parts(text, '}', DEEPEST);
}

static bool pass_value(Cursor *text, int deeper)
{
    if (PASS(text, "\""))
        return pass_string(text, pass_json_escape);
    if (PASS(text, "{"))
        return pass_parts(text, '}', deeper);
    if (PASS(text, "["))
        return pass_parts(text, ']', deeper);
    return PASS(text, "null") || PASS(text, "true") || PASS(text, "false") || pass_number(text);
}

#endif
