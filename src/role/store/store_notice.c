/*
 * The server's own short messages to those who have an account here: that a quota is nearly used up, that
 * somebody shares a mailbox, that a domain's records have changed. They go into INBOX, whatever the quota
 * says; but what others bring about, by sharing, finds no room in a full account. One that the store cannot
 * take is logged and not tried again, since nothing depends on it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "account/mailboxes.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/show.h"
#include "base/utf8.h"
#include "directory/groups.h"
#include "mime/compose.h"
#include "mime/digest.h"
#include "mime/trailer.h"
#include "role/store/store_private.h"

enum {
	TEXT_MAX = 64 * 1024,
	UNDER_WAY_MAX = 1000, /* more at a time are dropped: they are news, not mail */
	/* Octets of another's mailbox's path that are shown: somebody chose it freely, and the server says
	   it. */
	PATH_SHOWN_MAX = 80
};

struct notice {
	uint64_t account, owner; /* owner: of what is shared; 0: it is about the quota */
	uint32_t mailbox;
	unsigned percent;
	char *own_subject, *own_text; /* it says this, and neither of the others */
	struct store_read read;
	struct address to, from; /* from: the owner's */
	struct account_tree tree;
	struct buf subject, text, message;
	struct mime_digest *digest;
	struct account_target target;
	struct account_delivery delivery;
};

static size_t under_way;

static void end(struct notice *n, int error)
{
	bool is_full = n->owner && (error == -EDQUOT || error == -EFBIG);
	if (error && error != -ENOENT && !is_full)
		log_event(LOG_WARNING, "-", "notice-lost", log_u64("account", n->account), log_errno(error));
	account_tree_free(&n->tree);
	mime_digest_free(n->digest);
	mem_free(n->own_subject);
	mem_free(n->own_text);
	buf_done(&n->subject);
	buf_done(&n->text);
	buf_done(&n->message);
	mem_free(n);
	under_way--;
}

/* ---- delivery ---- */

static void delivered(struct account_delivery *d, int result)
{
	end(container_of(d, struct notice, delivery), result);
}

static void deliver(struct notice *n)
{
	struct message_digest digest;
	struct view message = buf_view(&n->message);
	n->digest = mime_digest_new();
	mime_digest_feed(n->digest, message);
	mime_digest_end(n->digest, &digest);
	struct store_upload *upload = store_upload_begin(store_role.store);
	int error = store_upload_append(upload, message);
	if (error == 0)
		error = store_upload_append(upload, digest.trailer);
	if (error) {
		store_upload_abort(upload);
		end(n, error);
		return;
	}
	n->target = (struct account_target){.shard = n->account,
	    .enforce_quota = n->owner != 0,
	    .quota_default = store_role.process->settings.quota_default,
	    .quota_messages_default = store_role.process->settings.quota_messages_default};
	n->delivery = (struct account_delivery){.upload = upload,
	    .body_len = message.len,
	    .summary = digest.summary,
	    .structure = trailer_short_structure(digest.trailer),
	    .message_id_hash = digest.message_id_hash,
	    .targets = &n->target,
	    .target_count = 1,
	    .done = delivered};
	account_deliver(&store_role.accounts, &n->delivery);
}

/* ---- the message ---- */

static int write_message(struct notice *n)
{
	char id[RANDOM_ID_SIZE], more[RANDOM_ID_SIZE], boundary[2 * RANDOM_ID_SIZE],
	    message_id[RANDOM_ID_SIZE + ADDRESS_MAX + 2];
	char from[ADDRESS_MAX + 64], to[ADDRESS_MAX + 4];
	struct view domain = address_domain(&n->to), address = address_view(&n->to);
	struct buf problem;
	bool utf8;
	random_id(id);
	random_id(more);
	snprintf(boundary, sizeof boundary, "%s%s", id, more);
	snprintf(from, sizeof from, "Mail server <postmaster@%.*s>", (int)domain.len, domain.data);
	snprintf(to, sizeof to, "<%.*s>", (int)address.len, address.data);
	snprintf(message_id, sizeof message_id, "%s@%.*s", id, (int)domain.len, domain.data);
	const struct compose_field fields[] = {
	    {VIEW("Auto-Submitted"), VIEW("auto-generated")}}; /* RFC 3834 */
	const struct compose c = {.from = view_from_string(from),
	    .to = view_from_string(to),
	    .subject = buf_view(&n->subject),
	    .text = buf_view(&n->text),
	    .fields = fields,
	    .field_count = 1,
	    .date = {.seconds = clock_wall(), .zone_known = true},
	    .message_id = view_from_string(message_id),
	    .boundary = view_from_string(boundary)};
	buf_init(&problem, 1000);
	int error = compose_write(&c, &n->message, &utf8, &problem);
	buf_done(&problem);
	return error;
}

static void post(struct notice *n)
{
	int error = buf_failed(&n->text) || buf_failed(&n->subject) ? -EMSGSIZE : write_message(n);
	if (error)
		end(n, error);
	else
		deliver(n);
}

static void say_quota(struct notice *n)
{
	buf_printf(&n->subject, "Your mailbox is %u %% full", n->percent);
	buf_printf(&n->text,
	    "Your mailbox is %u %% full.\n\n"
	    "When it is full, no more mail is taken for you, and whoever writes to you is told so.\n"
	    "Delete what you no longer need, or ask for more room.\n",
	    n->percent);
	post(n);
}

/* How imap names it (RFC 2342), and what the administrator can say. */
static void say_how(struct notice *n, struct view path)
{
	struct view owner = address_view(&n->from), to = address_view(&n->to);
	buf_printf(&n->text,
	    "To see it in your mail program, subscribe there to the folder\n\n    Users/%.*s/%.*s\n\n",
	    (int)owner.len, owner.data, (int)path.len, path.data);
	buf_printf(&n->text,
	    "or let whoever runs the server say\n\n    postrider mailbox accept %.*s %.*s \"%.*s\"\n",
	    (int)to.len, to.data, (int)owner.len, owner.data, (int)path.len, path.data);
}

static void path_known(struct account_tree *tree, int result)
{
	struct notice *n = container_of(tree, struct notice, tree);
	struct view owner = address_view(&n->from);
	if (result) {
		end(n, result);
		return;
	}
	struct view path = tree->mailboxes[0].path;
	bool whole = path.len <= PATH_SHOWN_MAX && show_is_plain(path);
	buf_printf(&n->subject, "%.*s shares a mailbox with you", (int)owner.len, owner.data);
	buf_printf(&n->text, "%.*s shares the mailbox \"", (int)owner.len, owner.data);
	show_line(&n->text, utf8_cut(path, PATH_SHOWN_MAX));
	buf_printf(
	    &n->text, "%s\" with you, and has chosen its name.\n\n", path.len > PATH_SHOWN_MAX ? "..." : "");
	if (whole)
		say_how(n, path);
	else
		buf_printf(&n->text,
		    "To see it in your mail program, subscribe there to the folder of this name below\n\n"
		    "    Users/%.*s\n",
		    (int)owner.len, owner.data);
	post(n);
}

/* ---- who it is ---- */

static int run_addresses(struct txn *t, void *arg)
{
	struct notice *n = arg;
	struct view address;
	int error = directory_account_address(t, n->account, &address);
	if (error == 0)
		error = address_normalize(address, &n->to);
	if (error || n->owner == 0)
		return error;
	error = directory_account_address(t, n->owner, &address);
	return error ? error : address_normalize(address, &n->from);
}

static void addresses_known(struct store_read *read, int result)
{
	struct notice *n = container_of(read, struct notice, read);
	if (result) {
		end(n, result);
	} else if (n->own_text) {
		buf_append_string(&n->subject, n->own_subject);
		buf_append_string(&n->text, n->own_text);
		post(n);
	} else if (n->owner == 0) {
		say_quota(n);
	} else {
		n->tree = (struct account_tree){.shard = n->owner, .only = n->mailbox, .done = path_known};
		account_tree(&store_role.accounts, &n->tree);
	}
}

static void begin(const struct notice *what)
{
	if (under_way == UNDER_WAY_MAX)
		return;
	under_way++;
	struct notice *n = mem_alloc(sizeof *n);
	*n = *what;
	buf_init(&n->subject, TEXT_MAX);
	buf_init(&n->text, TEXT_MAX);
	buf_init(&n->message, 4 * TEXT_MAX);
	n->read = (struct store_read){
	    .shard = DIRECTORY_SHARD, .run = run_addresses, .arg = n, .done = addresses_known};
	store_read(store_role.store, &n->read);
}

void store_notice_quota(const struct account_target *targets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (targets[i].result == 0 && targets[i].warn)
			begin(&(struct notice){.account = targets[i].shard, .percent = targets[i].warn});
}

void store_notice_text(uint64_t account, const char *subject, const char *text)
{
	if (under_way == UNDER_WAY_MAX)
		return;
	begin(&(struct notice){.account = account,
	    .own_subject = mem_string(view_from_string(subject)),
	    .own_text = mem_string(view_from_string(text))});
}

void store_notice_share(uint64_t account, uint64_t owner, uint32_t mailbox)
{
	begin(&(struct notice){.account = account, .owner = owner, .mailbox = mailbox});
}
