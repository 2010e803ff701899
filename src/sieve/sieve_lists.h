/* Lists that are kept outside of scripts: RFC 6134. */
#ifndef SIEVE_SIEVE_LISTS_H
#define SIEVE_SIEVE_LISTS_H

#include "sieve/sieve_run.h"

/* The list's name, with its variables' values, written out. False: the run ends. */
bool sieve_list_name(struct sieve_run *run, struct view text, struct view *name);

/* Whether the value is in the list. */
enum sieve_truth sieve_list_holds(struct sieve_run *run, struct view list, struct view value);

#endif
