/* A canonical line of format v1, its newline included: passed over, hashed and compared. */

#ifndef AUDIT_CONSOLE_LINE_H
#define AUDIT_CONSOLE_LINE_H

#include "json.h"
#include "sha256.h"

enum { LONGEST_ENTRY = 65535, LONGEST_CHAIN = 255, MOST_DIGITS = 18, TIME_LENGTH = 27 };

/* The values of a line that are text, in the order of `TEXTS` in columns/sound.py. */
enum {
    ID,
    EVENT_TYPE,
    USER_ID,
    ACTION,
    RESOURCE_TYPE,
    RESOURCE_ID,
    RESULT,
    RESULT_ERROR,
    DETAILS,
    IP_ADDRESS,
    USER_AGENT,
    REQUEST_ID,
    VALUES
};

/* What stands between the quotes of a value, or the whole of details; no `begin` where it is null. */
typedef struct {
    const uint8_t *begin;
    size_t size;
} Value;

/* What is told of a line. Texts point into it; times are microseconds since 1970. */
typedef struct {
    const uint8_t *chain;
    size_t chain_length;
    int64_t seq;
    int64_t recorded_at;
    int64_t timestamp;
    const uint8_t *previous_hash;
    const uint8_t *event_hash;
    const uint8_t *entry;
    size_t entry_size;
    Value values[VALUES];
} Event;

static bool pass_chain(Cursor *line, Event *event)
{
    event->chain = line->at;
    while (left(line) > 0 && *line->at != '"') {
        const uint8_t byte = *line->at;
        if (!is_digit(byte) && !(byte >= 'a' && byte <= 'z') && (byte == 0 || !strchr("._/-", byte)))
            return false;
        line->at++;
    }
    event->chain_length = (size_t)(line->at - event->chain);
    return event->chain_length > 0 && event->chain_length <= LONGEST_CHAIN && PASS(line, "\"");
}

static inline bool pass_text(Cursor *line, Value *value)
{
    if (!PASS(line, "\""))
        return false;
    value->begin = line->at;
    if (!pass_string(line, pass_canonical_escape))
        return false;
    value->size = (size_t)(line->at - value->begin) - 1;
    return true;
}

static inline bool pass_null(Cursor *line, Value *value)
{
    *value = (Value){NULL, 0};
    return PASS(line, "null");
}

static inline bool pass_text_or_null(Cursor *line, Value *value)
{
    return pass_null(line, value) || pass_text(line, value);
}

/* Pass an id of ASCII without escapes: it is taken out of the line as it stands. */
static inline bool pass_id(Cursor *line, Value *value)
{
    if (!PASS(line, "\""))
        return false;
    value->begin = line->at;
    pass_plain(line);
    value->size = (size_t)(line->at - value->begin);
    return PASS(line, "\"");
}

static inline bool pass_result(Cursor *line, Value *value)
{
    value->begin = line->at + 1;
    if (!PASS(line, "\"success\"") && !PASS(line, "\"failure\"") &&
        !PASS(line, "\"partial_success\""))
        return false;
    value->size = (size_t)(line->at - value->begin) - 1;
    return true;
}

static inline bool pass_details(Cursor *line, Value *value)
{
    if (pass_null(line, value))
        return true;
    value->begin = line->at;
    if (!pass_object(line))
        return false;
    value->size = (size_t)(line->at - value->begin);
    return true;
}

/* Pass a seq of so many digits that it is surely below 2^63. */
static bool pass_seq(Cursor *line, int64_t *seq)
{
    const uint8_t *digit = line->at;
    if (!pass_digits(line) || line->at - digit > MOST_DIGITS)
        return false;
    if (*digit == '0' && line->at - digit > 1)
        return false;
    for (*seq = 0; digit < line->at; digit++)
        *seq = *seq * 10 + (*digit - '0');
    return true;
}

static inline bool read_digits(const uint8_t *at, int count, int *number)
{
    *number = 0;
    for (int i = 0; i < count; i++) {
        if (!is_digit(at[i]))
            return false;
        *number = *number * 10 + (at[i] - '0');
    }
    return true;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leaps = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leaps);
}

/* Days since 1970-01-01 in the Gregorian calendar. Years begin in March here, so that a leap day
   is the last; the first day of year 0 then was 719468 days before. */
static int64_t days_since_epoch(int year, int month, int day)
{
    const int years = month > 2 ? year : year - 1;
    const int months = month > 2 ? month - 3 : month + 9;
    const int days = (153 * months + 2) / 5 + day - 1;
    return (int64_t)years * 365 + years / 4 - years / 100 + years / 400 + days - 719468;
}

/* Pass `2026-11-23T03:51:42.166415Z"`. */
static bool pass_time(Cursor *line, int64_t *time)
{
    const uint8_t *at = line->at;
    int year, month, day, hour, minute, second, micros;
    if (left(line) < TIME_LENGTH || at[4] != '-' || at[7] != '-' || at[10] != 'T' ||
        at[13] != ':' || at[16] != ':' || at[19] != '.' || at[26] != 'Z')
        return false;
    if (!read_digits(at, 4, &year) || !read_digits(at + 5, 2, &month) ||
        !read_digits(at + 8, 2, &day) || !read_digits(at + 11, 2, &hour) ||
        !read_digits(at + 14, 2, &minute) || !read_digits(at + 17, 2, &second) ||
        !read_digits(at + 20, 6, &micros))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month) ||
        hour > 23 || minute > 59 || second > 59)
        return false;
    const int64_t minutes = (days_since_epoch(year, month, day) * 24 + hour) * 60 + minute;
    *time = (minutes * 60 + second) * 1000000 + micros;
    line->at += TIME_LENGTH;
    return PASS(line, "\"");
}

/* Pass so many bytes as a hash has digits; what they are is told by comparing them. */
static inline bool pass_hash(Cursor *line, const uint8_t **hash)
{
    if (left(line) < HEX_DIGITS)
        return false;
    *hash = line->at;
    line->at += HEX_DIGITS;
    return true;
}

static inline bool pass_content(Cursor *line, Value *values)
{
    return PASS(line, ",\"event_type\":") && pass_text(line, &values[EVENT_TYPE]) &&
           PASS(line, ",\"user_id\":") && pass_text_or_null(line, &values[USER_ID]) &&
           PASS(line, ",\"action\":") && pass_text(line, &values[ACTION]) &&
           PASS(line, ",\"resource_type\":") && pass_text(line, &values[RESOURCE_TYPE]) &&
           PASS(line, ",\"resource_id\":") && pass_text(line, &values[RESOURCE_ID]) &&
           PASS(line, ",\"result\":") && pass_result(line, &values[RESULT]) &&
           PASS(line, ",\"result_error\":") && pass_text_or_null(line, &values[RESULT_ERROR]) &&
           PASS(line, ",\"details\":") && pass_details(line, &values[DETAILS]) &&
           PASS(line, ",\"ip_address\":") && pass_text_or_null(line, &values[IP_ADDRESS]) &&
           PASS(line, ",\"user_agent\":") && pass_text_or_null(line, &values[USER_AGENT]) &&
           PASS(line, ",\"request_id\":") && pass_text_or_null(line, &values[REQUEST_ID]);
}

static inline bool pass_entry(Cursor *line, Event *event)
{
    return PASS(line, "{\"v\":1,\"chain\":\"") && pass_chain(line, event) &&
           PASS(line, ",\"seq\":") && pass_seq(line, &event->seq) &&
           PASS(line, ",\"id\":") && pass_id(line, &event->values[ID]) &&
           PASS(line, ",\"recorded_at\":\"") && pass_time(line, &event->recorded_at) &&
           PASS(line, ",\"timestamp\":\"") && pass_time(line, &event->timestamp) &&
           pass_content(line, event->values) &&
           PASS(line, ",\"previous_hash\":\"") && pass_hash(line, &event->previous_hash) &&
           PASS(line, "\"");
}

/* Pass a line; of its hash and its link nothing is told. */
static bool pass_event(Cursor *line, Event *event)
{
    event->entry = line->at;
    if (!pass_entry(line, event))
        return false;
    event->entry_size = (size_t)(line->at - event->entry);
    return event->entry_size <= LONGEST_ENTRY && PASS(line, ",\"event_hash\":\"") &&
           pass_hash(line, &event->event_hash) && PASS(line, "\"}\n");
}

WITH_SHA static inline bool holds(const Event *event, const uint8_t hash[HASH_BYTES])
{
    uint8_t printed[HEX_DIGITS];
    print_hash(hash, printed);
    return memcmp(printed, event->event_hash, HEX_DIGITS) == 0;
}

static inline bool goes_on(const Event *before, const Event *event)
{
    return event->seq == before->seq + 1 && event->recorded_at >= before->recorded_at &&
           memcmp(event->previous_hash, before->event_hash, HEX_DIGITS) == 0 &&
           event->chain_length == before->chain_length &&
           memcmp(event->chain, before->chain, event->chain_length) == 0;
}

/* Tell whether a link may be one; behind the first event it is compared with a hash. */
static bool is_hash(const uint8_t *hex)
{
    for (int i = 0; i < HEX_DIGITS; i++)
        if (!is_lower_hex(hex[i]))
            return false;
    return true;
}

#endif
