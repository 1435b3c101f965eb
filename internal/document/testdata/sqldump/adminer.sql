-- Adminer 4.8.1 MySQL 10.11.19-MariaDB dump

SET NAMES utf8;
SET time_zone = '+00:00';
SET foreign_key_checks = 0;
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO';

SET NAMES utf8mb4;

DROP DATABASE IF EXISTS `shop`;
CREATE DATABASE `shop` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci */;
USE `shop`;

DELIMITER ;;

DROP PROCEDURE IF EXISTS `pr`;;
CREATE PROCEDURE `pr`()
BEGIN SELECT 'it''s;'; END;;

DELIMITER ;

DROP TABLE IF EXISTS `bink`;
CREATE TABLE `bink` (
  `k` binary(4) NOT NULL,
  `v` varchar(20) DEFAULT NULL,
  PRIMARY KEY (`k`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

INSERT INTO `bink` (`k`, `v`) VALUES
(UNHEX('00FF2701'),	'bin');

DROP TABLE IF EXISTS `clients`;
CREATE TABLE `clients` (
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT,
  `email` varchar(190) DEFAULT NULL,
  `note` text DEFAULT NULL COMMENT 'it''s; free (text), PRIMARY KEY (note)',
  `pic` blob DEFAULT NULL,
  `flags` bit(8) DEFAULT NULL,
  `score` decimal(10,2) DEFAULT NULL,
  `born` date DEFAULT NULL,
  `kind` enum('a','b') DEFAULT 'a',
  PRIMARY KEY (`id`),
  UNIQUE KEY `email` (`email`),
  KEY `k` (`kind`,`born`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='a; comment';

INSERT INTO `clients` (`id`, `email`, `note`, `pic`, `flags`, `score`, `born`, `kind`) VALUES
(1,	'zoe@example.be',	'line\nbreak \'quoted\' \\ \"double\" \t tab \0 nul \Z sub %_',	'BE68539007547034',	CONV('101', 2, 10) + 0,	12.50,	'1985-07-30',	'a'),
(2,	NULL,	'Zoë Müller €',	UNHEX('00FF27225C0A0D1A'),	NULL,	-1.25,	NULL,	NULL)
ON DUPLICATE KEY UPDATE `id` = VALUES(`id`), `email` = VALUES(`email`);

-- 2026-11-22 10:00:00
