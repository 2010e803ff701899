/* Parts of dates as scripts name them: RFC 5260 section 4. */
#ifndef SIEVE_SIEVE_DATE_H
#define SIEVE_SIEVE_DATE_H

#include "format/date.h"
#include "sieve/sieve_run.h"

enum { SIEVE_DATE_PART_MAX = 64 /* octets of a part as text */ };

/* Appends the part, which was judged; nothing for another one. */
void sieve_date_write(struct buf *out, struct date date, struct view part);

/* Takes a zone out of a tag's value; *minutes stays when it is absent. False: the run ends. */
bool sieve_date_zone(struct sieve_run *run, const struct sieve_value *zone, int16_t *minutes);

#endif
