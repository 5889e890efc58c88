/* config/nearest.c - "did you mean": the known word with the fewest typing errors between. */
#include "config/nearest.h"

#include <stdint.h>
#include <string.h>

#define WORD_MAX 40 /* no key is longer; a longer word is near to none */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Letters to add, drop, change or swap with their neighbour (Damerau and Levenshtein). */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    size_t a_len = strlen(a), b_len = strlen(b);

    for (size_t j = 0; j <= b_len; j++)
        last[j] = before[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *oldest = before;

        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        before = last;
        last = row;
        row = oldest;
    }
    return last[b_len];
}

struct nearest nearest_to(const char *word)
{
    /* a third of the letters wrong is a typing error; more is another word */
    return (struct nearest){ .word = word, .distance = strlen(word) / 3 + 2 };
}

void nearest_offer(struct nearest *n, const char *known)
{
    size_t d;

    if (strlen(n->word) > WORD_MAX || strlen(known) > WORD_MAX)
        return;
    d = distance(n->word, known);
    if (d >= n->distance || d >= strlen(known))
        return;
    n->distance = d;
    n->best = known;
}
