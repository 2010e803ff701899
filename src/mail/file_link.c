/* See file_link.h. */
#include "mail/file_link.h"

#include <string.h>

#include "base/base64.h"
#include "base/show.h"
#include "mail/mail.h"

int file_link_write(struct buf *out, const struct file_link_ref *ref)
{
	char id[MAIL_ID_MAX];
	buf_append(out, view_of(id, mail_id_write(id, MAIL_ID_FILE_LINK, ref->account, ref->number)));
	buf_append_byte(out, '-');
	return base64url_encode(out, view_of(ref->secret, sizeof ref->secret));
}

/* The secret may hold "-" itself: it is found by its length. */
bool file_link_read(struct view text, struct file_link_ref *ref)
{
	struct buf secret;
	uint64_t account, number;
	if (text.len <= FILE_LINK_CODE_LEN + 1 || text.len > FILE_LINK_PATH_MAX)
		return false;
	struct view code = view_skip(text, text.len - FILE_LINK_CODE_LEN);
	struct view id = view_take(text, text.len - FILE_LINK_CODE_LEN - 1);
	if (text.data[id.len] != '-' || !mail_id_read(id, MAIL_ID_FILE_LINK, &account, &number) ||
	    account >= MAIL_ACCOUNT_END || number > UINT32_MAX)
		return false;
	buf_init(&secret, FILE_LINK_CODE_LEN); /* the decoder asks for more than it needs */
	bool good = base64url_decode(&secret, code) == 0 && secret.len == FILE_LINK_SECRET_SIZE;
	if (good) {
		ref->account = account;
		ref->number = (uint32_t)number;
		memcpy(ref->secret, buf_view(&secret).data, FILE_LINK_SECRET_SIZE);
	}
	buf_done(&secret);
	return good;
}

void file_link_clean_name(struct buf *out, struct view name)
{
	struct show show = {0};
	struct view bytes;
	size_t before = out->len;
	while (name.len > 0) {
		bool plain = show_next(&show, &name, &bytes) == SHOW_PLAIN;
		bool parts = bytes.len == 1 && (bytes.data[0] == '/' || bytes.data[0] == '\\');
		struct view put = plain && !parts ? bytes : VIEW("_");
		if (out->len - before + put.len > FILE_LINK_NAME_MAX)
			break;
		buf_append(out, put);
	}
	struct view whole = view_skip(buf_view(out), before);
	/* These two name folders. */
	if (whole.len == 0 || view_equal(whole, VIEW(".")) || view_equal(whole, VIEW(".."))) {
		buf_truncate(out, before);
		buf_append_string(out, "_");
	}
}
