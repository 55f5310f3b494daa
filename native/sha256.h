/* SHA-256 by the instructions that x86-64 has for it (FIPS 180-4). */

#ifndef AUDIT_CONSOLE_SHA256_H
#define AUDIT_CONSOLE_SHA256_H

#include <cpuid.h>
#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WITH_SHA __attribute__((target("sha,sse4.1,ssse3")))

enum { HASH_BYTES = 32, HEX_DIGITS = 64, BLOCK_BYTES = 64, LENGTH_BYTES = 8, MOST_AT_ONCE = 2 };

static const uint32_t ROUND_CONSTANTS[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* The eight words of the state, as the instructions want them. */
typedef struct {
    __m128i abef;
    __m128i cdgh;
} Sha256;

static bool has_sha_instructions(void)
{
    unsigned int a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1))
        return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

WITH_SHA static inline __m128i big_endian(__m128i words)
{
    return _mm_shuffle_epi8(words, _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
}

WITH_SHA static inline Sha256 sha256_begun(void)
{
    return (Sha256){
        .abef = _mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c),
        .cdgh = _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19),
    };
}

/* Take in a block of each of some messages; four rounds a step, with the words of the next
   sixteen beside them. The messages go side by side: within one, each instruction waits for the
   one before it. */
WITH_SHA static inline __attribute__((always_inline)) void sha256_add(
    Sha256 *states, const uint8_t *const *blocks, const int count)
{
    Sha256 now[MOST_AT_ONCE];
    __m128i words[MOST_AT_ONCE][4];
#pragma GCC unroll 2
    for (int i = 0; i < count; i++) {
        now[i] = states[i];
        for (int part = 0; part < 4; part++)
            words[i][part] = big_endian(_mm_loadu_si128((const __m128i *)blocks[i] + part));
    }
#pragma GCC unroll 16
    for (int step = 0; step < 16; step++) {
        const __m128i constants = _mm_loadu_si128((const __m128i *)ROUND_CONSTANTS + step);
#pragma GCC unroll 2
        for (int i = 0; i < count; i++) {
            __m128i *oldest = &words[i][step % 4];
            const __m128i sum = _mm_add_epi32(*oldest, constants);
            now[i].cdgh = _mm_sha256rnds2_epu32(now[i].cdgh, now[i].abef, sum);
            now[i].abef = _mm_sha256rnds2_epu32(
                now[i].abef, now[i].cdgh, _mm_shuffle_epi32(sum, 0x0e));
            if (step < 12) {
                const __m128i next = words[i][(step + 1) % 4], late = words[i][(step + 2) % 4];
                const __m128i latest = words[i][(step + 3) % 4];
                const __m128i begun = _mm_sha256msg1_epu32(*oldest, next);
                const __m128i more = _mm_add_epi32(begun, _mm_alignr_epi8(latest, late, 4));
                *oldest = _mm_sha256msg2_epu32(more, latest);
            }
        }
    }
#pragma GCC unroll 2
    for (int i = 0; i < count; i++) {
        states[i].abef = _mm_add_epi32(states[i].abef, now[i].abef);
        states[i].cdgh = _mm_add_epi32(states[i].cdgh, now[i].cdgh);
    }
}

WITH_SHA static inline void sha256_end(const Sha256 *state, uint8_t hash[HASH_BYTES])
{
    const __m128i badc = _mm_unpackhi_epi64(state->abef, state->cdgh);
    const __m128i fehg = _mm_unpacklo_epi64(state->abef, state->cdgh);
    _mm_storeu_si128((__m128i *)hash, big_endian(_mm_shuffle_epi32(badc, 0xb1)));
    _mm_storeu_si128((__m128i *)hash + 1, big_endian(_mm_shuffle_epi32(fehg, 0xb1)));
}

/* One byte and a text behind it, cut into blocks: all but the first and the last stand in the
   text itself. */
typedef struct {
    uint8_t head[BLOCK_BYTES];
    uint8_t tail[2 * BLOCK_BYTES];
    const uint8_t *text;
    size_t whole;
    size_t blocks;
} Message;

/* Pad a message: a bit that is set, zeros, and how many bits there were before. */
static inline void lay_out(Message *message, uint8_t prefix, const uint8_t *text, size_t size)
{
    const size_t total = size + 1;
    const uint64_t bits = __builtin_bswap64((uint64_t)total * 8);
    size_t held = total % BLOCK_BYTES;
    message->text = text;
    message->whole = total / BLOCK_BYTES;
    message->blocks = (total + LENGTH_BYTES) / BLOCK_BYTES + 1;
    if (message->whole > 0) {
        message->head[0] = prefix;
        memcpy(message->head + 1, text, BLOCK_BYTES - 1);
        memcpy(message->tail, text + size - held, held);
    } else {
        message->tail[0] = prefix;
        memcpy(message->tail + 1, text, size);
    }
    const size_t end = (message->blocks - message->whole) * BLOCK_BYTES - LENGTH_BYTES;
    message->tail[held++] = 0x80;
    memset(message->tail + held, 0, end - held);
    memcpy(message->tail + end, &bits, LENGTH_BYTES);
}

static inline const uint8_t *block_of(const Message *message, size_t index)
{
    if (index >= message->whole)
        return message->tail + (index - message->whole) * BLOCK_BYTES;
    return index == 0 ? message->head : message->text + index * BLOCK_BYTES - 1;
}

/* Hash two messages. */
WITH_SHA static inline void sha256_both(const Message *messages, uint8_t (*hashes)[HASH_BYTES])
{
    Sha256 states[MOST_AT_ONCE] = {sha256_begun(), sha256_begun()};
    size_t done = 0;
    for (; done < messages[0].blocks && done < messages[1].blocks; done++) {
        const uint8_t *blocks[] = {block_of(&messages[0], done), block_of(&messages[1], done)};
        sha256_add(states, blocks, MOST_AT_ONCE);
    }
    for (int i = 0; i < MOST_AT_ONCE; i++) {
        for (size_t index = done; index < messages[i].blocks; index++) {
            const uint8_t *block = block_of(&messages[i], index);
            sha256_add(&states[i], &block, 1);
        }
        sha256_end(&states[i], hashes[i]);
    }
}

/* Print a hash in lower-case hex. */
WITH_SHA static inline void print_hash(const uint8_t hash[HASH_BYTES], uint8_t hex[HEX_DIGITS])
{
    const __m128i digits = _mm_setr_epi8(
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f');
    const __m128i low = _mm_set1_epi8(0x0f);
    for (int half = 0; half < 2; half++) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)hash + half);
        const __m128i high = _mm_and_si128(_mm_srli_epi16(bytes, 4), low);
        const __m128i firsts = _mm_shuffle_epi8(digits, high);
        const __m128i seconds = _mm_shuffle_epi8(digits, _mm_and_si128(bytes, low));
        __m128i *to = (__m128i *)hex + 2 * half;
        _mm_storeu_si128(to, _mm_unpacklo_epi8(firsts, seconds));
        _mm_storeu_si128(to + 1, _mm_unpackhi_epi8(firsts, seconds));
    }
}

#endif
