/* Random octets as letters and digits that nobody confuses, five bits each: for what people copy and type. */
#ifndef TRUST_LOGIN_RANDOM_WORDS_H
#define TRUST_LOGIN_RANDOM_WORDS_H

#include <stddef.h>

/* `len` letters and a NUL, from (5 * len + 7) / 8 octets. */
void random_letters(const unsigned char *random, char *text, size_t len);

#endif
