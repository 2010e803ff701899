/* Addresses of compose.h: what a person types, read strictly. */
#include <errno.h>
#include <string.h>

#include "base/utf8.h"
#include "mime/compose.h"
#include "mime/compose_private.h"
#include "format/limits.h"
#include "format/path.h"

/* The domain as every host knows it. */
static int settle_domain(struct address *a, struct arena *arena)
{
	struct buf name;
	if (a->domain.len > 1 && a->domain.data[a->domain.len - 1] == '.')
		a->domain.len--;
	if (utf8_is_ascii(a->domain))
		return 0;
	buf_init(&name, DOMAIN_MAX);
	int error = domain_normalize(a->domain, &name);
	if (error == 0 && !arena_copy(arena, buf_view(&name), &a->domain))
		error = -ENOBUFS;
	buf_done(&name);
	return error;
}

static int settle_mailbox(struct address *a, struct arena *arena, struct buf *problem)
{
	struct path path;
	struct buf text;
	if (a->local_part.len == 0)
		return compose_wrong(problem, a->display_name, " is a name without an address");
	if (a->domain.len == 0)
		return compose_wrong(problem, a->local_part, " is not an address: it has no domain");
	/* Anything longer is refused below, cut or not. */
	buf_init(&text, 4 * ADDRESS_PHRASE_MAX);
	address_write_mailbox(&text, a->local_part, a->domain);
	int error = settle_domain(a, arena);
	if (error == 0) {
		buf_clear(&text);
		address_write_mailbox(&text, a->local_part, a->domain);
		error = mailbox_parse(buf_view(&text), arena, &path);
	}
	if (error && error != -ENOBUFS)
		error = compose_wrong(problem, buf_view(&text),
		    error == -ENAMETOOLONG ? " is too long for an address"
		                           : " is not an address that SMTP can carry");
	buf_done(&text);
	return error;
}

int compose_addresses(struct view text, struct arena *arena, struct address_list *list, struct buf *problem)
{
	struct address_list found;
	if (!compose_is_line(text))
		return compose_wrong(problem, text, " contains a control character, or is not UTF-8");
	int error = address_list_parse(text, arena, &found);
	for (size_t i = 0; i < found.count && error == 0; i++) {
		struct address *a = &found.items[i];
		if (a->kind != ADDRESS_MAILBOX)
			continue;
		if (a->local_part.len + a->display_name.len > 0)
			error = settle_mailbox(a, arena, problem);
		else
			found.defective = true;
	}
	if (error == 0 && (found.defective || found.cut))
		error = compose_wrong(problem, text,
		    " is not a list of addresses; write each as Name <local-part@domain>, put commas between "
		    "them, and quote names that contain special characters");
	if (error == 0)
		*list = found;
	return error;
}

/* ---- the envelope ---- */

static bool has(const struct compose_envelope *e, struct view mailbox)
{
	for (size_t i = 0; i < e->count; i++)
		if (view_equal(e->items[i], mailbox))
			return true;
	return false;
}

static int add_mailbox(const struct address *a, struct arena *arena, struct compose_envelope *e)
{
	struct buf text;
	struct view copy;
	buf_init(&text, PATH_MAX_OCTETS + ADDRESS_PHRASE_MAX);
	int error = address_write_mailbox(&text, a->local_part, a->domain);
	if (error == 0 && !has(e, buf_view(&text))) {
		if (arena_copy(arena, buf_view(&text), &copy))
			e->items[e->count++] = copy;
		else
			error = -ENOBUFS;
		e->utf8 |= !utf8_is_ascii(a->local_part);
	}
	buf_done(&text);
	return error;
}

int compose_recipients(
    struct view list, struct arena *arena, struct compose_envelope *envelope, struct buf *problem)
{
	struct address_list found;
	struct compose_envelope result = *envelope;
	int error = compose_addresses(list, arena, &found, problem);
	if (error || found.count == 0)
		return error;
	result.items = arena_array(arena, envelope->count + found.count, sizeof *result.items);
	if (result.items == NULL)
		return -ENOBUFS;
	if (envelope->count > 0)
		memcpy(result.items, envelope->items, envelope->count * sizeof *result.items);
	for (size_t i = 0; i < found.count && error == 0; i++)
		if (found.items[i].kind == ADDRESS_MAILBOX)
			error = add_mailbox(&found.items[i], arena, &result);
	if (error == 0)
		*envelope = result;
	return error;
}
