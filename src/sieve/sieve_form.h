/*
 * The compiled form: a program as octets, made when a script is put down and read for each message. Whoever
 * reads it trusts nothing in it: what it gives is a program that the compiler could have made, as far as
 * running it goes. It names words, so it outlives changes of the tables; what is of another version is
 * compiled anew.
 *
 * All numbers are big-endian. u8 version, u8 whether texts may hold variables; u16 count of words, for each
 * u8 kind, u8 length, name; then the commands. A list of steps is for each u8 1 and the step, then u8 0. A
 * step is u16 word, u32 line, u8 comparator, match, relation, part, bits (1 :last, 2 never, 4 rule), u32
 * index; with bit 4 u32 rule, u8 length, its name; for each value of the row u8 kind and, of a number, u64,
 * of strings, u32 count and for each u32 length and the octets; the list of its tests, the list of its block.
 */
#ifndef SIEVE_SIEVE_FORM_H
#define SIEVE_SIEVE_FORM_H

#include "base/buf.h"
#include "sieve/sieve_program.h"

/* Appends the form. The result of buf_append; the buffer is then as it was. */
int sieve_form_write(const struct sieve_program *program, struct buf *out);

/*
 * Reads one; texts point into it. `extra` as in struct sieve_language. 0; -EINVAL: it is damaged, or of
 * another version; -ENOMEM: the arena is full. *program is untouched then.
 */
int sieve_form_read(
    struct view form, const struct sieve_words *extra, struct arena *arena, struct sieve_program *program);

#endif
