/* What the two files of regular expressions share: a program for a machine that is in many places at once. */
#ifndef SIEVE_SIEVE_REGEX_PRIVATE_H
#define SIEVE_SIEVE_REGEX_PRIVATE_H

#include "sieve/sieve_regex.h"

enum sieve_regex_code {
	SIEVE_CODE_CHAR,  /* x: the code point */
	SIEVE_CODE_ANY,   /* any character */
	SIEVE_CODE_SET,   /* x: which set */
	SIEVE_CODE_BEGIN, /* these two: of the text */
	SIEVE_CODE_END,
	SIEVE_CODE_SPLIT, /* on at x, which is wanted more, and at y */
	SIEVE_CODE_JUMP,  /* on at x */
	SIEVE_CODE_SAVE,  /* x: the slot that keeps the place */
	SIEVE_CODE_MATCH,
};

struct sieve_regex_step {
	uint8_t code;
	uint32_t x, y;
};

struct sieve_regex_range {
	int32_t from, to;
};

struct sieve_regex_set {
	struct sieve_regex_range *ranges;
	size_t count;
	bool letters; /* beyond US-ASCII, too */
	bool inverse;
};

struct sieve_regex {
	struct sieve_regex_step *steps;
	size_t count;
	struct sieve_regex_set *sets;
	size_t set_count, groups; /* with the whole match */
	bool lower;
	uint8_t first[32]; /* bits of octets that a match may begin with, behind the text's beginning */
	bool empty;        /* it may match nothing there */
};

bool sieve_regex_set_has(const struct sieve_regex_set *set, int32_t c, bool lower);

#endif
