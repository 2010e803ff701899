/*
 * An account's mail for the command line: a channel to store on which all questions of mail/mail.h,
 * mail/script.h and mail/vacation.h can be asked, as an administrator. A server must be running. Several
 * questions may be under way; store answers them in their order.
 */
#ifndef CLI_MAILBOX_CLIENT_H
#define CLI_MAILBOX_CLIENT_H

#include "cli/cli.h"
#include "mail/file_link.h"
#include "mail/mail.h"
#include "mail/script.h"
#include "mail/vacation.h"

struct mailbox_client {
	int fd;
	struct buf in;
	struct arena arena; /* of the answer that came last */
	uint32_t last;      /* request number */
	const char *address;
	/* Names of the account's keywords (struct mail_keywords), as any answer told them: of a number that
	   stands there twice, the last one counts. */
	struct buf keywords;
};

/* An answer of any type; which one, its frame's type tells. */
union mailbox_answer {
	struct mail_done done;
	struct mail_mailbox mailbox;
	struct mail_uids uids;
	struct mail_keywords keywords;
	struct mail_messages messages;
	struct mail_data data;
	struct mail_upload_credit credit;
	struct mail_grant grant;
	struct mail_share share;
	struct script_entry script;
	struct script_bytes script_bytes;
	struct script_complaint complaint;
	struct script_deed deed;
	struct mail_found found;
	struct vacation_setting vacation;
	struct vacation_person person;
	struct file_link_entry file_link;
};

/* Opens the account of that address. 0, or an exit code with the reason printed and nothing to close. */
int mailbox_client_open(
    struct cli *cli, struct directory_client *directory, const char *address, struct mailbox_client *client);
/* The same for the server's own scripts. */
int mailbox_client_open_server(struct cli *cli, struct mailbox_client *client);
void mailbox_client_close(struct mailbox_client *client);

/* Asks; the request's number in *request if that is not NULL. 0 or a negative errno: -EPIPE: the server is
 * gone. */
int mailbox_client_ask(struct mailbox_client *client, unsigned type, const void *question, uint32_t *request);

/* Waits for the next answer of any question; its views live until the next call. 0 or a negative errno. */
int mailbox_client_answer(
    struct mailbox_client *client, uint32_t *request, unsigned *type, union mailbox_answer *answer);

/*
 * Asks one question and gives each answer to `take` (NULL: they are dropped) until MAIL_DONE, which is put
 * into *done. 0 or a negative errno, that of MAIL_DONE too.
 */
int mailbox_client_run(struct mailbox_client *client, unsigned type, const void *question,
    void (*take)(void *arg, unsigned type, const union mailbox_answer *answer), void *arg,
    struct mail_done *done);

/* The number of the mailbox at this path, of the account's own. -ENOENT: there is none. */
int mailbox_client_find(struct mailbox_client *client, struct view path, struct mail_mailbox *found);

/* A sentence for an error on standard error, and an exit code. */
int mailbox_client_problem(const char *subject, int error);

#endif
