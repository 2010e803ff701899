/*
 * Lists of users that another server has written: a passwd-file as Dovecot's (passdb driver passwd-file), or
 * CSV whose first line names the columns: address, and of password, hash, quota, aliases those
 * that there are. The text is foreign: every line is taken for itself, and what is wrong with it is told with
 * its number.
 */
#ifndef CLI_IMPORT_FILE_H
#define CLI_IMPORT_FILE_H

#include "base/arena.h"
#include "base/buf.h"

enum { IMPORT_ROWS_MAX = 1000000 /* users: a list of more is no list that anybody checks */ };

struct import_row {
	size_t line; /* from 1 */
	struct view address, password, hash, quota,
	    aliases; /* empty: not there. Aliases are separated by blanks */
};

struct import_file {
	struct arena arena; /* of texts that had quotes */
	struct import_row *rows;
	size_t count, room;
	void (*wrong)(void *arg, size_t line, const char *what); /* for each line that is none */
	void *arg;
};

/* By its first line: one of CSV names a column "address". */
bool import_is_csv(struct view text);

/* Reads all lines; `text` must live as long. To be freed in any case. */
void import_read_csv(struct import_file *f, struct view text);
void import_read_passwd(struct import_file *f, struct view text);
void import_free(struct import_file *f);

#endif
