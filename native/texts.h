/* Columns of text, as Arrow lays them out: the bytes on end, where each begins, which are there. */

#ifndef AUDIT_CONSOLE_TEXTS_H
#define AUDIT_CONSOLE_TEXTS_H

#include <stdlib.h>

#include "line.h"

typedef struct {
    uint8_t *bytes;
    int32_t *offsets;
    uint8_t *valid;
    size_t count;
    size_t nulls;
} Texts;

/* Make room for so many values of so many bytes in all: no more than is written is ever touched. */
static bool make_room_for_texts(Texts *texts, size_t count, size_t bytes)
{
    *texts = (Texts){
        .bytes = malloc(bytes + 1),
        .offsets = malloc((count + 1) * sizeof(int32_t)),
        .valid = calloc(count / 8 + 1, 1),
    };
    if (!texts->bytes || !texts->offsets || !texts->valid)
        return false;
    texts->offsets[0] = 0;
    return true;
}

static void give_back_texts(Texts *texts)
{
    free(texts->bytes);
    free(texts->offsets);
    free(texts->valid);
}

/* Write what an escape that format v1 prints stands for; give what follows it. */
static const uint8_t *put_escaped(const uint8_t *escape, uint8_t *to)
{
    static const char letters[] = "bfnrt", stand_for[] = "\b\f\n\r\t";
    if (escape[1] == 'u') {
        const uint8_t low = escape[5];
        *to = (uint8_t)((escape[4] - '0') * 16 + (is_digit(low) ? low - '0' : low - 'a' + 10));
        return escape + 6;
    }
    const char *letter = strchr(letters, escape[1]);
    *to = letter ? (uint8_t)stand_for[letter - letters] : escape[1];
    return escape + 2;
}

/* Write a value without its escapes, which takes no more bytes; give where it ends. */
static uint8_t *put_unescaped(const Value *value, uint8_t *to)
{
    const uint8_t *from = value->begin, *end = value->begin + value->size;
    for (;;) {
        const uint8_t *escape = memchr(from, '\\', (size_t)(end - from));
        const size_t plain = (size_t)((escape ? escape : end) - from);
        memcpy(to, from, plain);
        to += plain;
        if (!escape)
            return to;
        from = put_escaped(escape, to++);
    }
}

static void put_text(Texts *texts, const Value *value, bool verbatim)
{
    uint8_t *begin = texts->bytes + texts->offsets[texts->count], *end = begin;
    if (value->begin == NULL) {
        texts->nulls++;
    } else {
        texts->valid[texts->count / 8] |= (uint8_t)(1 << texts->count % 8);
        if (verbatim)
            end = (uint8_t *)memcpy(begin, value->begin, value->size) + value->size;
        else
            end = put_unescaped(value, begin);
    }
    texts->offsets[++texts->count] = (int32_t)(end - texts->bytes);
}

#endif
