/*
 * What the mailboxes that an account begins with are called. Mail programs know them by their roles (RFC
 * 6154) and show their names, which are the account's to change.
 */
#include "account/roles.h"

#include <errno.h>

#include "account/mailbox.h"

enum { FIRST = MAILBOX_ROLE_DRAFTS, LAST = MAILBOX_ROLE_ARCHIVE, ROLES = LAST - FIRST + 1 };

/* In the order of the roles: drafts, sent, junk, trash, archive. */
/* clang-format off */
static const struct {
	const char *language;
	const char *names[ROLES];
} languages[] = {
    {"en", {"Drafts", "Sent", "Junk", "Trash", "Archive"}},
    {"ar", {"المسودات", "المرسل", "غير مرغوب", "المهملات", "الأرشيف"}},
    {"cs", {"Koncepty", "Odeslané", "Nevyžádané", "Koš", "Archiv"}},
    {"da", {"Kladder", "Sendt", "Uønsket", "Papirkurv", "Arkiv"}},
    {"de", {"Entwürfe", "Gesendet", "Spam", "Papierkorb", "Archiv"}},
    {"el", {"Πρόχειρα", "Απεσταλμένα", "Ανεπιθύμητα", "Κάδος", "Αρχείο"}},
    {"es", {"Borradores", "Enviados", "Correo no deseado", "Papelera", "Archivo"}},
    {"fi", {"Luonnokset", "Lähetetyt", "Roskaposti", "Roskakori", "Arkisto"}},
    {"fr", {"Brouillons", "Envoyés", "Indésirables", "Corbeille", "Archives"}},
    {"he", {"טיוטות", "נשלח", "זבל", "אשפה", "ארכיון"}},
    {"hu", {"Piszkozatok", "Elküldött", "Levélszemét", "Kuka", "Archívum"}},
    {"it", {"Bozze", "Inviata", "Indesiderata", "Cestino", "Archivio"}},
    {"ja", {"下書き", "送信済み", "迷惑メール", "ごみ箱", "アーカイブ"}},
    {"ko", {"임시 보관함", "보낸 편지함", "스팸", "휴지통", "보관함"}},
    {"nb", {"Utkast", "Sendt", "Søppelpost", "Papirkurv", "Arkiv"}},
    {"nl", {"Concepten", "Verzonden", "Ongewenst", "Prullenbak", "Archief"}},
    {"no", {"Utkast", "Sendt", "Søppelpost", "Papirkurv", "Arkiv"}},
    {"pl", {"Szkice", "Wysłane", "Niechciane", "Kosz", "Archiwum"}},
    {"pt", {"Rascunhos", "Enviados", "Lixo eletrônico", "Lixeira", "Arquivo"}},
    {"ro", {"Ciorne", "Trimise", "Spam", "Coș de gunoi", "Arhivă"}},
    {"ru", {"Черновики", "Отправленные", "Спам", "Корзина", "Архив"}},
    {"sk", {"Koncepty", "Odoslané", "Nevyžiadané", "Kôš", "Archív"}},
    {"sv", {"Utkast", "Skickat", "Skräppost", "Papperskorg", "Arkiv"}},
    {"tr", {"Taslaklar", "Gönderilmiş", "İstenmeyen", "Çöp kutusu", "Arşiv"}},
    {"uk", {"Чернетки", "Надіслані", "Спам", "Кошик", "Архів"}},
    {"zh", {"草稿", "已发送", "垃圾邮件", "已删除", "归档"}},
};
/* clang-format on */

/* The primary subtag tells: "de-CH" is German. */
static const char *const *names_of(struct view language)
{
	ptrdiff_t end = view_find(language, '-');
	struct view primary = end < 0 ? language : view_take(language, (size_t)end);
	for (size_t i = 0; i < sizeof languages / sizeof *languages; i++)
		if (view_equal_nocase(primary, view_from_string(languages[i].language)))
			return languages[i].names;
	return languages[0].names;
}

static int give_role(struct account_change *c, uint32_t number, uint8_t role)
{
	struct change_mailbox *box;
	int error = change_mailbox(c, number, &box);
	if (error || box->m.role != MAILBOX_ROLE_NONE)
		return error;
	box->m.role = role;
	c->head.roles[role] = number;
	change_mark_mailbox(c, box);
	return 0;
}

static int make_role(struct account_change *c, uint8_t role, const char *name)
{
	struct mailbox_path path = {.count = 0};
	struct account_mailbox m = {.role = role, .subscribed = true};
	size_t levels;
	uint32_t number;
	int error = mailbox_path_read(view_from_string(name), &path);
	if (error == 0)
		error = mailbox_follow(c->txn, c->shard, &path, 0, &levels, &number);
	if (error)
		return error;
	if (levels == path.count)
		return give_role(c, number, role);
	return mailbox_room(c, 1) ? 0 : mailbox_make(c, &path, levels, number, &m, &number);
}

int roles_make(struct account_change *c, struct view language)
{
	const char *const *names = names_of(language);
	int error = 0;
	for (uint8_t role = FIRST; role <= LAST && error == 0; role++)
		if (c->head.roles[role] == 0)
			error = make_role(c, role, names[role - FIRST]);
	c->head.roles[MAILBOX_ROLE_INBOX] = MAILBOX_INBOX;
	c->head.roles_made = c->head_changed = true;
	return error;
}
