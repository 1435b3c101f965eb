CREATE DATABASE shop CHARACTER SET utf8mb4; USE shop;
CREATE TABLE clients (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80) NOT NULL, email VARCHAR(120), code CHAR(5), born DATE, since DATETIME, seen TIMESTAMP NULL, balance DECIMAL(10,2), score DOUBLE, active TINYINT, big BIGINT, notes TEXT, kind ENUM('private','company'), tags SET('a','b','c'), flags BIT(9), y YEAR, t TIME, f FLOAT, m MEDIUMINT, vb VARBINARY(20), js JSON, KEY(email)) ENGINE=InnoDB;
INSERT INTO clients VALUES (1,'Zoë Van den Broeck','zoe@example.be','3740','1985-07-30','2026-11-02 03:15:00','2026-11-02 03:15:01',-1234.56,1.5,1,-9007199254740993,'a note','private','a,c',b'101000001',2026,'-12:34:56',2.25,-70000,x'6162','{"a":1}'),
 (2,'Jan','jan@example.org','é',NULL,NULL,NULL,0.07,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL),
 (3,'Piet',NULL,'','2000-01-01','1999-12-31 23:59:59','1999-12-31 23:59:59',99999999.99,-1e100,-128,9223372036854775807,REPEAT('long text with piet@example.be ',2000),'company','',b'1',1901,'838:59:59',-0.1,8388607,'','[]');
INSERT INTO clients (name,email) SELECT CONCAT('name',seq), CONCAT('user',seq,'@example.be') FROM seq_4_to_400;
DELETE FROM clients WHERE id=100;
CREATE TABLE nokey (a VARCHAR(20), b VARCHAR(20)) CHARSET latin1; INSERT INTO nokey VALUES ('contact@example.be','Müller'),(NULL,'note@example.be');
CREATE TABLE twokey (b VARCHAR(20) NOT NULL, x INT, a INT NOT NULL, v VARCHAR(30), PRIMARY KEY (a,b)) CHARSET latin1; INSERT INTO twokey VALUES ('b1',5,-1,'after@example.be'),('b2',NULL,2,'x');
CREATE TABLE oldrow (id INT PRIMARY KEY, v VARCHAR(60), w TEXT) ROW_FORMAT=REDUNDANT; INSERT INTO oldrow VALUES (7,'note@example.be',NULL),(8,'secret@example.be','w');
CREATE TABLE compact (id INT PRIMARY KEY, v VARCHAR(60), w LONGTEXT) ROW_FORMAT=COMPACT; INSERT INTO compact VALUES (7,'note@example.be',REPEAT('x secret@example.be ',1000));
CREATE TABLE zipped (id INT PRIMARY KEY, v VARCHAR(60)) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8; INSERT INTO zipped VALUES (7,'note@example.be');
CREATE TABLE added (id INT PRIMARY KEY, v VARCHAR(60)); INSERT INTO added VALUES (1,'note@example.be'); ALTER TABLE added ADD COLUMN w VARCHAR(40) DEFAULT 'dflt' , ALGORITHM=INSTANT; INSERT INTO added VALUES (2,'secret@example.be','after@example.be'),(3,NULL,NULL);
CREATE TABLE dropped (id INT PRIMARY KEY, v VARCHAR(60), gone INT, w VARCHAR(60) NOT NULL); INSERT INTO dropped VALUES (1,'note@example.be',4,'w1'); ALTER TABLE dropped DROP COLUMN gone, ALGORITHM=INSTANT; INSERT INTO dropped VALUES (2,'secret@example.be','w2');
CREATE TABLE utf16 (id INT PRIMARY KEY, v VARCHAR(60) CHARACTER SET ucs2, c CHAR(4) CHARACTER SET utf8mb4); INSERT INTO utf16 VALUES (1,'note@example.be','ab'),(2,'Zoë','éé');
CREATE TABLE pages (id INT PRIMARY KEY, v VARCHAR(60)) PAGE_COMPRESSED=1; INSERT INTO pages VALUES (1,'note@example.be');
CREATE TABLE parts (id INT PRIMARY KEY, v VARCHAR(60)) PARTITION BY HASH(id) PARTITIONS 2; INSERT INTO parts VALUES (1,'note@example.be'),(2,'secret@example.be');
CREATE TABLE gen (id INT PRIMARY KEY, v VARCHAR(60), u VARCHAR(60) AS (UPPER(v)) VIRTUAL, s VARCHAR(60) AS (LOWER(v)) STORED, w VARCHAR(10) INVISIBLE DEFAULT 'iv'); INSERT INTO gen (id,v) VALUES (1,'Note@example.be');
FLUSH TABLES;
