/* In the manner of sqlite3.h: opaque handles, callbacks, 64-bit integers, double, variables. */
#ifndef DATABASE_H
#define DATABASE_H
#include <stdarg.h>

#ifndef DATABASE_API
#define DATABASE_API
#endif

DATABASE_API extern const char database_version[];

typedef struct database database;
typedef struct database_statement database_statement;
typedef long long database_int64;
typedef void (*database_destructor)(void *);
struct database_value {
    int type;
    double number;
};

#define DATABASE_STATIC ((database_destructor)0)

DATABASE_API int database_open(const char *filename, database **handle);
DATABASE_API int database_close(database *);
DATABASE_API int database_exec(database *, const char *sql,
                               int (*callback)(void *, int, char **, char **), void *,
                               char **errmsg);
DATABASE_API int database_prepare(database *db, const char *sql, int nbytes,
                                  database_statement **statement, const char **tail);
DATABASE_API int database_step(database_statement *);
DATABASE_API int database_bind_text(database_statement *, int, const char *, int,
                                    void (*)(void *));
DATABASE_API int database_bind_double(database_statement *, int, double);
DATABASE_API int database_bind_int64(database_statement *, int, database_int64);
DATABASE_API double database_column_double(database_statement *, int column);
DATABASE_API const unsigned char *database_column_text(database_statement *, int column);
DATABASE_API char *database_mprintf(const char *, ...);
DATABASE_API char *database_vmprintf(const char *, va_list);
DATABASE_API struct database_value database_get(database_statement *, int column);
DATABASE_API int database_put(database_statement *, struct database_value value);
DATABASE_API void *database_update_hook(database *, void (*)(void *, int), void *);
DATABASE_API long double database_sum(database *);
static int database_private(int a);

#endif
