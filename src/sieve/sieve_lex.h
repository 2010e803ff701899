/*
 * The words of a script: RFC 5228 sections 2.2 to 2.4 and 8.1. White space and comments are passed over;
 * strings are given as they are meant, without quotes, backslashes and dot-stuffing, and with CRLF wherever a
 * line ends.
 */
#ifndef SIEVE_SIEVE_LEX_H
#define SIEVE_SIEVE_LEX_H

#include "base/arena.h"
#include "sieve/sieve_error.h"

enum sieve_token_kind {
	SIEVE_TOKEN_END,
	SIEVE_TOKEN_IDENTIFIER, /* text: as written */
	SIEVE_TOKEN_TAG,        /* text: without the colon */
	SIEVE_TOKEN_NUMBER,
	SIEVE_TOKEN_STRING, /* text: what it means */
	SIEVE_TOKEN_MARK,   /* mark: one of [ ] ( ) { } , ; */
	SIEVE_TOKEN_BROKEN, /* an error was noted */
};

struct sieve_token {
	enum sieve_token_kind kind;
	char mark;
	bool multiline; /* a string that began with text: */
	struct sieve_place place;
	struct view text; /* in the script or in the arena */
	struct view
	    comment; /* the last comment before it that begins with #, without that and blanks; or empty */
	uint64_t number;
};

struct sieve_lexer {
	struct view rest;
	struct sieve_place place;
	struct arena *arena;
	struct sieve_errors *errors;
	struct view comment; /* of the next token */
	bool failed;         /* the arena was full: nothing more is read */
};

/* The script, the arena and the list must outlive the tokens. */
void sieve_lex_init(
    struct sieve_lexer *lexer, struct view script, struct arena *arena, struct sieve_errors *errors);

/* The next token; at the end, SIEVE_TOKEN_END again and again. */
void sieve_lex_next(struct sieve_lexer *lexer, struct sieve_token *token);

/* What a token is, for an error: "the string 'x'". */
struct sieve_quoted sieve_token_describe(const struct sieve_token *token);

#endif
