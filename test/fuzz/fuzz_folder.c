/* An mbox of any content, and names of mailboxes both ways. */
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/utf8.h"
#include "folder/folder_private.h"
#include "format/modified_utf7.h"

static void check_text(struct view body)
{
	for (size_t i = 0; i < body.len; i++)
		check(body.data[i] != '\n' || (i > 0 && body.data[i - 1] == '\r'));
}

static void check_message(const struct folder_message *m, struct view body)
{
	struct view rest = m->keywords, one;
	size_t count = 0;
	check_text(body);
	check((m->flags & ~FLAGS_SYSTEM) == 0);
	check(m->uidl.len == 0 || folder_is_uidl(m->uidl));
	check(m->name.len > 0);
	while (rest.len && view_next(&rest, ' ', &one)) {
		check(folder_is_keyword(one));
		count++;
	}
	check(count <= FOLDER_KEYWORDS_MAX);
}

static void read_mbox(struct view bytes, bool quoted_once)
{
	struct folder_reader *reader;
	struct folder_message m;
	struct buf body;
	uint64_t done, total;
	size_t octets = 0;
	int result, fd = memfd_create("mbox", MFD_CLOEXEC);
	check(fd >= 0 && write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len);
	check(mbox_reader_open(fd, quoted_once, &reader) == 0);
	buf_init(&body, 2 * bytes.len + 64);
	while ((result = folder_reader_next(reader, &m, &body)) != 0) {
		check(result == 1);
		check_message(&m, buf_view(&body));
		octets += body.len;
	}
	folder_reader_progress(reader, &done, &total);
	check(done <= total && total == bytes.len && octets <= 2 * bytes.len);
	folder_reader_close(reader);
	buf_done(&body);
}

/* A path that can be written is read again as it was. */
static void read_names(struct view bytes)
{
	struct buf path, name, again;
	buf_init(&path, FOLDER_PATH_MAX);
	buf_init(&name, 2 * FOLDER_PATH_MAX);
	buf_init(&again, 2 * FOLDER_PATH_MAX);
	if (modified_utf7_decode(&name, bytes) == 0) {
		check(utf8_valid(buf_view(&name)));
		check(modified_utf7_encode(&again, buf_view(&name)) == 0 &&
		      view_equal(buf_view(&again), bytes));
	}
	/* No file's name has a slash in it. */
	if (view_find(bytes, '/') < 0 && maildir_name_decode(&path, bytes) == 0 && path.len > 0) {
		check(utf8_valid(buf_view(&path)));
		buf_clear(&name);
		buf_clear(&again);
		if (maildir_name_encode(&name, buf_view(&path)) == 0 && !buf_failed(&name)) {
			check(maildir_name_decode(&again, buf_view(&name)) == 0);
			check(view_equal(buf_view(&again), buf_view(&path)));
		}
	}
	buf_clear(&name);
	buf_clear(&again);
	if (view_find(bytes, '/') < 0 && utf8_valid(bytes) && folder_level_to_file(&name, bytes) == 0) {
		check(folder_level_from_file(&again, buf_view(&name)) == 0);
		check(view_equal(buf_view(&again), bytes));
		check(name.len == 0 || buf_view(&name).data[0] != '.');
	}
	buf_done(&path);
	buf_done(&name);
	buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view bytes = view_of(data, size);
	if (size == 0)
		return 0;
	struct view rest = view_skip(bytes, 1);
	if (bytes.data[0] % 3 < 2)
		read_mbox(rest, bytes.data[0] % 3 == 1);
	else
		read_names(rest);
	return 0;
}
