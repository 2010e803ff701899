/* The value of C 'F', and which blobs an account's entries name. See values.c. */
#include "account/keys.h"

enum { VERSION = 2 };

void script_encode(const struct account_script *s, struct entry *out)
{
	entry_begin(out, VERSION);
	entry_add_number(out, s->place);
	entry_add_number(out, s->created);
	entry_add_number(out, s->modseq);
	entry_add_number(out, s->version);
	entry_add_number(out, (uint64_t)s->changed);
	entry_add_number(out, s->warnings);
	entry_add_blob(out, &s->text);
	entry_add_blob(out, &s->form);
	entry_add_text(out, s->name);
}

int script_decode(uint64_t number, struct view value, struct account_script *s)
{
	struct cursor c = entry_read(value, VERSION);
	struct account_script r = {.number = number};
	r.place = (uint8_t)entry_take_limited(&c, SCRIPT_PLACE_LAST);
	r.created = entry_take_number(&c);
	r.modseq = entry_take_number(&c);
	r.version = entry_take_number(&c);
	r.changed = (int64_t)entry_take_number(&c);
	r.warnings = (uint32_t)entry_take_limited(&c, UINT32_MAX);
	entry_take_blob(&c, &r.text);
	entry_take_blob(&c, &r.form);
	r.name = entry_take_text(&c);
	if (view_empty(r.name) || r.name.len > SCRIPT_NAME_MAX || blob_is_none(&r.form))
		c.failed = true;
	if (cursor_ok(&c))
		*s = r;
	return entry_result(&c);
}

/* ---- which blobs entries name ---- */

static void script_names_blobs(
    struct view key, struct view value, void (*found)(void *arg, const struct blob_id *id), void *arg)
{
	struct account_script script;
	uint64_t number;
	if (!key_read_script(key, &number) || script_decode(number, value, &script) != 0)
		return;
	if (!blob_is_none(&script.text))
		found(arg, &script.text);
	found(arg, &script.form);
}

void account_names_blobs(uint64_t shard, struct view key, struct view value,
    void (*found)(void *arg, const struct blob_id *id), void *arg)
{
	struct account_email email;
	struct account_kept kept;
	struct account_file_link link;
	struct account_value noted;
	uint32_t number;
	if (store_shard_class(shard) != STORE_ACCOUNT || view_empty(key))
		return;
	if (key.data[0] == 'E' && email_decode(0, value, &email) == 0)
		found(arg, &email.blob);
	else if (key.data[0] == 'X' && kept_decode(value, &kept) == 0)
		found(arg, &kept.blob);
	else if (key.data[0] == 'W' && value_decode(value, &noted) == 0 && !blob_is_none(&noted.blob))
		found(arg, &noted.blob);
	else if (key_read_file_link(key, &number) && file_link_decode(number, value, &link) == 0)
		found(arg, &link.blob);
	else if (key.data[0] == 'C')
		script_names_blobs(key, value, found, arg);
}
