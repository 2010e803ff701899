/* Lists of the directory, all parts of them, for commands that look through it. */
#ifndef CLI_DIRECTORY_WALK_H
#define CLI_DIRECTORY_WALK_H

#include "cli/cli.h"

/* A list: what is asked, how many fields a row has. The first field is the row's name, from which lists go
 * on. */
struct directory_list {
	enum directory_operation operation;
	size_t fields;
};
extern const struct directory_list directory_domains, directory_accounts, directory_aliases, directory_masked,
    directory_groups, directory_removed_rows;

/*
 * Gives each row to `take`, which must not ask the directory anything: its views end with the next question.
 * domain: NULL for a list that is of no domain. 0 or the directory's error.
 */
int directory_walk(struct directory_client *client, const struct directory_list *list, const char *domain,
    void (*take)(void *arg, const struct message_field *row), void *arg);

/* The same over all domains, or over the one that is named. */
int directory_walk_all(struct directory_client *client, const struct directory_list *list, const char *only,
    void (*take)(void *arg, const struct message_field *row), void *arg);

/* The names of a list's rows, each with a NUL behind it, so that questions can be asked of each. */
int directory_names(struct directory_client *client, const struct directory_list *list, const char *domain,
    struct buf *names);
/* The next name; NULL at the end. `at` begins as 0. */
const char *directory_next_name(const struct buf *names, size_t *at);

/*
 * Asks of each account, of all domains or of the one that is named; `ask` may ask the directory, too, and
 * gives an exit status. An account that cannot be read hides no other one: the status of the command is the
 * first that is not 0. What comes of the server or of its disk would be said of every account that follows,
 * and ends the walk.
 */
int directory_each_account(struct directory_client *client, const char *only,
    int (*ask)(void *arg, struct directory_client *client, const char *address), void *arg);

#endif
