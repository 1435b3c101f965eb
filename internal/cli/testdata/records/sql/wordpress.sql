-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB
--
-- Host: localhost    Database: wp_site
-- ------------------------------------------------------
/*!40101 SET NAMES utf8mb4 */;
DROP TABLE IF EXISTS `wp_users`;
CREATE TABLE `wp_users` (
  `ID` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `user_login` varchar(60) NOT NULL DEFAULT '',
  `user_pass` varchar(255) NOT NULL DEFAULT '',
  `user_nicename` varchar(50) NOT NULL DEFAULT '',
  `user_email` varchar(100) NOT NULL DEFAULT '',
  `user_url` varchar(100) NOT NULL DEFAULT '',
  `user_registered` datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  `display_name` varchar(250) NOT NULL DEFAULT '',
  PRIMARY KEY (`ID`)
) ENGINE=InnoDB AUTO_INCREMENT=9 DEFAULT CHARSET=utf8mb4;
INSERT INTO `wp_users` VALUES
(1,'admin','$P$B8V7y1','admin','webmaster@example.org','','2019-01-01 10:00:00','Site admin'),
(2,'annads','$P$B8V7y2','annads','Anna.DeSmet@Example.BE','https://www.annadesmet.example.be/','2020-02-03 11:12:13','Anna De Smet'),
(3,'jan','$P$B8V7y3','jan','other@example.org','','2020-02-03 11:12:13','Jan J.'),
(4,'li','$P$B8V7y4','li','someone@example.org','','2020-02-03 11:12:13','Li Wu'),
(5,'xannads','$P$B8V7y5','xannads','hanna.desmet@example.be','','2020-02-03 11:12:13','Hanna De Smet'),
(6,'test','$P$B8V7y6','test','tester@example.org','http://test.example/','2020-02-03 11:12:13','test'),
(7,'annads2','$P$B8V7y7','annads2','anna.desmet@example.be.com','http://xannadesmet.example.be','2020-02-03 11:12:13','Anna Desmedt');
CREATE TABLE `wp_usermeta` (
  `umeta_id` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `user_id` bigint(20) unsigned NOT NULL DEFAULT 0,
  `meta_key` varchar(255) DEFAULT NULL,
  `meta_value` longtext DEFAULT NULL,
  PRIMARY KEY (`umeta_id`)
);
INSERT INTO `wp_usermeta` VALUES (11,9,'nickname','annads'),(12,9,'billing_phone','0470/11.22.33'),(13,9,'billing_phone','0470/11.22.34'),(14,9,'wp_capabilities','a:1:{s:13:\"administrator\";b:1;}'),
(15,9,'session_tokens','a:1:{s:64:\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\";a:4:{s:10:\"expiration\";i:1700000000;s:2:\"ip\";s:13:\"198.51.100.23\";s:2:\"ua\";s:11:\"Mozilla/5.0\";s:5:\"login\";i:1699827200;}}'),
(16,9,'session_tokens','a:1:{s:2:\"ip\";s:14:\"198.51.100.234\";}'),
(17,9,'billing_first_name','Anna'),(18,9,'billing_last_name','De Smet'),(19,9,'billing_email','marie.dl@example.org');
-- Dump completed
