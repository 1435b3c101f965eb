/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40103 SET TIME_ZONE='+00:00' */;
INSERT INTO `clients` VALUES
(4711,"zoe@example.be","Zoë","tab	here\nline \\ \"q\" \'s\'","{\"billing\":{\"email\":\"zoe@example.be\"}}","\0ÿzoe"),
(4712,"jan@example.org",NULL,NULL,NULL,NULL);
