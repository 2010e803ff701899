/* The list of strength_words.c, for strength.c alone. */
#ifndef TRUST_LOGIN_STRENGTH_WORDS_H
#define TRUST_LOGIN_STRENGTH_WORDS_H

extern const char strength_words[];

#endif
