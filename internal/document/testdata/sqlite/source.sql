-- What the databases in this folder were made from, with sqlite3 3.40.1:
--   sqlite3 utf8.db  <source.sql
--   (echo "pragma encoding='UTF-16le'; pragma page_size=1024;"; cat source.sql) | sqlite3 utf16.db
--   (echo "pragma page_size=512; pragma auto_vacuum=full;"; cat source.sql) | sqlite3 small.db
pragma secure_delete=off;
create table clients(id integer primary key, name text not null, mail text, phone numeric, born date, score real, photo blob, "full name" text generated always as (name || ' <' || mail || '>') virtual, kept text as (upper(name)) stored);
create table notes(note, author text default 'nobody');
create table [odd ''names''](--comment without a space
  [a b] text, `c``d` int /* , x */, "e""f" varchar(10) check ("e""f" <> ')'), 'g' , unique("e""f"));
create table settings(grp text, key varchar(20), value, primary key(key, grp)) without rowid;
create table logins(mail text primary key, ip text);
create table signed(id integer, who text, primary key(id desc));
create virtual table search using fts5(subject, body);
create view adults as select name from clients where born < '2000-01-01';
create trigger audit after delete on clients begin insert into notes(note, author) values ('deleted ' || old.id, 'trigger for jan@example.be'); end;
create index by_mail on clients(mail, name);
insert into clients(id, name, mail, phone, born, score, photo) values
 (4711, 'Zoë Van den Broeck', 'zoe@example.be', 32470123456, '1985-07-30', 12.5, x'00ff10'),
 (-3, 'Jürgen Müller', 'jurgen@example.org', '+32 2 555 01 23', null, 32470123456.0, null),
 (9223372036854775807, 'Łukasz 😀', null, 0, 1, -1e300, zeroblob(3));
insert into notes values ('first note', 'anna@example.be'), (x'1f8b', null), (1.5, 7);
alter table notes add column later text default 'added later';
insert into notes values ('second', 'b', 'c');
insert into "odd ''names''" values ('a', 2, 'e', null), (null, null, null, 'g');
with recursive n(i) as (select 1 union all select i+1 from n where i<60) insert into settings select 'group ' || (i%3), 'key ' || i, 'value ' || i || ' of user' || i || '@example.be' from n;
insert into settings values ('long', 'long', printf('%.9000c', 'x') || ' end@example.be');
insert into logins values ('zoe@example.be', '198.51.100.23'), ('jan@example.be', '2001:db8::1');
insert into signed values (5, 'signed@example.be');
insert into search values ('Invoice of Zoë', 'Dear Zoë, please pay to BE68 5390 0754 7034');
with recursive n(i) as (select 1 union all select i+1 from n where i<40) insert into clients(id, name, mail) select 10000+i, 'Gone Person ' || i, 'gone' || i || '@example.org' from n;
insert into notes values (printf('%.3000c', 'y') || ' overflow@example.be', 'o', 'p');
delete from clients where id > 10000 and id < 10040 and id % 2 = 0;
create table dropped(name text, mail text);
with recursive n(i) as (select 1 union all select i+1 from n where i<30) insert into dropped select 'Dropped ' || i, 'dropped' || i || '@example.org' from n;
drop table dropped;
