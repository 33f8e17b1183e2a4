/** French; a space that must not break stands before its colons, semicolons and question marks. */

/** @import { Strings } from '../words.js' */

/** @type {Strings} */
export const strings = {
  region: 'Envoi de fichiers',
  drop: 'Déposez des fichiers ou des dossiers ici',
  dropFiles: 'Déposez des fichiers ici',
  dropNow: 'Relâchez pour envoyer',
  chooseFiles: 'Choisir des fichiers',
  chooseFolder: 'Choisir un dossier',
  hint: 'Autant de fichiers que vous voulez, de toute taille. On peut aussi les coller.',
  limitSize: '{size} au plus par fichier',
  limitMin: '{size} au moins par fichier',
  limitCount: { one: '{count} fichier au plus', other: '{count} fichiers au plus' },
  limitTypes: 'Seulement {types}',
  kindImages: 'images',
  kindVideos: 'vidéos',
  kindAudio: 'audio',
  kindText: 'texte',
  reading: 'Lecture du dossier…',
  nothingFound: 'Il n’y a aucun fichier dans cette sélection.',
  someUnreadable: {
    one: '{count} élément illisible a été laissé de côté : {names}',
    other: '{count} éléments illisibles ont été laissés de côté : {names}',
  },
  offline: 'Pas de réseau. Les envois reprendront d’eux-mêmes à son retour.',

  tokenTitle: 'Il faut un jeton d’envoi',
  tokenHint: 'Il reste dans cette page seulement, jusqu’à sa fermeture ou son rechargement.',
  tokenRefused: 'Ce jeton n’a pas été accepté : il est faux ou périmé. Essayez-en un autre.',
  tokenLabel: 'Jeton d’envoi',
  tokenUse: 'Utiliser le jeton',

  files: 'Fichiers',
  total: 'Tous les fichiers',
  completeOf: '{done} sur {count} terminés',
  sentOf: '{sent} sur {total}',
  left: 'encore {time}',
  fewSeconds: 'encore quelques secondes',
  moreThanADay: 'encore plus d’un jour',
  sizeUnknown: 'taille encore inconnue',
  failedCount: { one: '{count} arrêté', other: '{count} arrêtés' },
  pauseAll: 'Tout suspendre',
  resumeAll: 'Tout reprendre',
  cancelAll: 'Tout annuler',
  clearDone: 'Retirer les terminés',
  showMore: { one: 'Afficher {count} de plus', other: 'Afficher {count} de plus' },

  waiting: 'En attente',
  preparing: 'Préparation',
  uploading: 'Envoi en cours',
  paused: 'En pause',
  finishing: 'Finalisation',
  completed: 'Terminé',
  failed: 'Arrêté',
  cancelling: 'Annulation',
  cancelled: 'Annulé',
  tryingAgain: 'Nouvel essai',
  pause: 'Suspendre',
  resume: 'Reprendre',
  retry: 'Réessayer',
  anew: 'Abandonner et renvoyer',
  download: 'Télécharger',
  cancel: 'Annuler',
  clear: 'Retirer',
  actionOn: '{action} {name}',
  progressOf: 'Progression de {name}',
  partsDone: { one: '{done} partie sur {count} stockée', other: '{done} parties sur {count} stockées' },
  partsFlying: { one: '{count} en route', other: '{count} en route' },
  pathDirect: 'directement au stockage',
  pathRelay: 'par le service, car la voie directe vers le stockage est bloquée ici : c’est plus lent',
  elsewhere: 'Un autre onglet envoie ce fichier ; celui-ci le suit et prendra le relais à sa fermeture.',
  elsewhereWaiting: 'Un autre onglet l’envoie en ce moment.',

  unfinished: 'Envois inachevés',
  stored: '{size} stockés',
  expires: 'expire {when}',
  expiresNow: 'expire d’un moment à l’autre',
  goOn: 'Continuer',
  goOnHint: 'Ce navigateur connaît encore le fichier : un clic suffit.',
  chooseAgain: 'Choisir le fichier',
  chooseAgainHint: 'Choisissez {name} à nouveau pour continuer.',
  unmatched:
    'Aucun fichier ne peut lui être associé. S’il ne continue pas là où il a été commencé, ' +
    'abandonnez-le ici et recommencez.',
  discard: 'Abandonner',
  unlisted: 'La liste des envois inachevés ne peut pas être affichée. {reason}',

  keep: 'Garder',
  cancelTitle: 'Annuler {name} ?',
  cancelText:
    'Les {size} déjà envoyés seront effacés. Un envoi en pause peut reprendre plus tard, un envoi annulé non.',
  cancelDo: 'Annuler l’envoi',
  cancelAllTitle: { one: 'Annuler {count} envoi ?', other: 'Annuler {count} envois ?' },
  discardTitle: 'Abandonner {name} ?',
  discardText: 'Les {size} déjà stockés seront effacés.',
  anewText: 'Les {size} déjà stockés seront effacés, et le fichier sera envoyé tel qu’il est maintenant.',

  newsAt: '{name} : {percent}',
  newsOf: '{name} : {news}',
  newsPaused: '{name} : en pause',
  newsCompleted: '{name} : envoi terminé',
  newsFailed: '{name} : envoi arrêté. {reason}',
  newsCancelled: '{name} : envoi annulé',
  newsTotal: '{done} sur {count} terminés, {percent}',
  newsAll: { one: 'L’envoi est terminé', other: 'Les {count} envois sont terminés' },
  newsAdded: { one: '{count} fichier ajouté', other: '{count} fichiers ajoutés' },

  fileUnreadable: 'Ce fichier est illisible. S’il est ouvert ailleurs, fermez-le, puis réessayez.',
  fileChanged:
    'Le fichier a été modifié après le début de l’envoi : ses parties ne s’accorderaient pas. ' +
    'Annulez cet envoi et ajoutez le fichier à nouveau.',
  fileChangedBefore:
    'Le fichier a été modifié depuis le début de l’envoi de « {name} » ({when}) : ce qui est stocké ne s’accorderait ' +
    'pas avec le reste. Pour envoyer le fichier tel qu’il est, abandonnez d’abord l’envoi inachevé.',
  otherFile:
    'Ce n’est pas le fichier avec lequel l’envoi a commencé : c’en est un autre, ou il a été modifié depuis. ' +
    'Choisissez le fichier d’origine, ou abandonnez l’envoi et recommencez.',
  noFingerprint:
    'Cette page n’a pas été ouverte en https : le navigateur ne peut pas reconnaître le fichier. ' +
    'Ouvrez-la en https pour continuer un envoi inachevé.',
  noPermission:
    'Le navigateur n’a pas eu le droit de lire le fichier. Autorisez-le, ou choisissez le fichier à nouveau.',
  fileMissing: 'Le fichier a été déplacé ou effacé. Choisissez-le à nouveau là où il est.',
  localFailure: 'L’envoi s’est arrêté : {detail}',
  alreadyHere: 'Ce fichier est déjà dans la liste.',
  tooLarge: 'Ce fichier dépasse les {limit} autorisés. Choisissez-en un plus petit.',
  tooSmall: 'Ce fichier n’atteint pas les {limit} demandés. Choisissez-en un autre.',
  wrongType: 'Les fichiers de ce type ne sont pas acceptés ici. Autorisés : {types}.',
  tooMany: {
    one: 'On ne peut pas envoyer ici plus de {count} fichier. Retirez-en d’abord un autre.',
    other: 'On ne peut pas envoyer ici plus de {count} fichiers. Retirez-en d’abord un autre.',
  },
  streamBroken:
    'Ce qui devait être envoyé s’est interrompu avant la fin : l’enregistrement ou l’autre programme s’est arrêté. Recommencez.',
  storeRefused:
    'Le stockage refuse le fichier encore et encore. Réessayez plus tard ; si cela persiste, prévenez le responsable du service.',
  storeUnreachable:
    'Le stockage est inaccessible d’ici : le réseau, un pare-feu ou une extension du navigateur le bloque peut-être. ' +
    'Réessayez, ou changez de réseau.',
  partFailed: 'Le stockage échoue sans cesse. Ce qui est stocké reste ; réessayez plus tard.',
  ended:
    'Cet envoi a été arrêté ailleurs : annulé dans une autre fenêtre, ou par un administrateur. ' +
    'Ajoutez le fichier à nouveau pour recommencer.',
  unreachable: 'Le service d’envoi est inaccessible. Vérifiez la connexion et réessayez.',
  unauthenticated: 'Le service ne reconnaît pas qui demande : connectez-vous à nouveau, puis réessayez.',
  forbidden: 'Vous ne pouvez rien envoyer ici. Adressez-vous à qui vous a donné cette page.',
  quotaExceeded: 'Il n’y a plus de place pour ce fichier. Demandez-en, ou envoyez un fichier plus petit.',
  serviceBusy:
    'Le service ou son stockage est indisponible pour le moment. Ce qui est stocké reste ; réessayez bientôt.',
  misconfigured: 'Le stockage de ce service est mal configuré. Prévenez son responsable.',
  sizeRefused:
    'Ce fichier est trop volumineux pour cet endroit, ou sa taille doit être connue d’avance. Choisissez-en un plus petit, ou demandez la taille permise à la personne qui vous a donné cette page.',
  typeRefused:
    'Les fichiers de ce type ne sont pas acceptés ici. Choisissez-en un autre, ou demandez les types permis à la personne qui vous a donné cette page.',
  nameRefused:
    'Le nom de ce fichier ou de son dossier contient des caractères interdits, ou il est trop long. Renommez-le et choisissez-le à nouveau.',
  noDigests:
    'La page n’a pas été ouverte en https : le navigateur ne peut pas calculer les sommes de contrôle que demande le stockage. Ouvrez-la en https.',
  refusedWith: 'Le service refuse cela : {detail}',
};
